import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, compileGeneratorExpression } from '../../src/config/expression/expression.ts';
import { EXPRESSION_LENGTH_MAX, ExpressionProblem } from '../../src/config/expression/parse-expression.ts';
import { OperatorError } from '../../src/model/index.ts';

const run = (source: string, record: unknown = {}): unknown =>
  compileExpression(source, 'transforms.t.where').evaluate(record);

describe('expressions', () => {
  const flight = { delay: 20, distance: 300.5, origin: 'DTW', tags: ['a', 'b'], crew: { captain: 'Ann' }, note: null };

  it.each<[string, unknown]>([
    ['record.delay > 15', true],
    ['record.delay >= 20.0 && record.delay <= 20', true],
    ['record.delay + 1', 21],
    ['record.delay * 2 + record.distance', 340.5],
    ['-record.delay', -20],
    ['7 / 2', 3.5],
    ['7 % 4', 3],
    ['1 + 2.5', 3.5],
    ['int(7 / 2)', 3],
    ['math.floor(-1.5)', -2],
    ['math.round(-1.5)', -2],
    ['math.greatest(1, record.delay, 3)', 20],
    ['math.least([4, 2, 9])', 2],
    ['record.origin == "DTW"', true],
    ['record.delay == 20.0', true],
    ['record.delay == "20"', false],
    ['record.note == null', true],
    ['record.origin + "-" + string(record.delay)', 'DTW-20'],
    ['record.origin.startsWith("DT") && record.origin.contains("T")', true],
    ['record.origin.lowerAscii()', 'dtw'],
    ['"a,b,c".split(",").map(x, x + x).join("|")', 'aa|bb|cc'],
    ['"hello".substring(1, 3)', 'el'],
    ['size("h\u00e9llo\u{1f600}")', 6],
    ['record.tags.size()', 2],
    ['record.tags[1]', 'b'],
    ['record["crew"]["captain"]', 'Ann'],
    ['record.crew.captain in ["Ann", "Bob"]', true],
    ['"captain" in record.crew', true],
    ['"toString" in record.crew', false],
    ['has(record.crew.captain) && !has(record.gate)', true],
    ['has(record.note)', true],
    ['record.delay > 10 ? "late" : "fine"', 'late'],
    ['record.tags.exists(t, t == "b")', true],
    ['record.tags.all(t, size(t) == 1)', true],
    ['record.tags.exists_one(t, t < "b")', true],
    ['record.tags.filter(t, t != "a")', ['b']],
    ['record.tags.map(t, t != "a", t + record.origin)', ['bDTW']],
    [
      'record.tags.map(a, record.tags.map(b, a + b))',
      [
        ['aa', 'ab'],
        ['ba', 'bb'],
      ],
    ],
    ['record.crew.map(k, k)', ['captain']],
    ['record.tags + ["c"]', ['a', 'b', 'c']],
    ['{"from": record.origin, "n": [1, 2]}', { from: 'DTW', n: [1, 2] }],
    ['[1, 2] == [1.0, 2.0]', true],
    ['{"a": [1]} == {"a": [2]}', false],
    ['0x10', 16],
    ['5u + 1u', 6],
    ['double("1.5") + int("2")', 3.5],
    ['bool("true")', true],
    ['int(timestamp("1970-01-01T00:00:01Z"))', 1000],
    ['int(timestamp("1970/01/01 00:01")) + 1', 60_001],
    ['timestamp(5) < timestamp("1970-01-01T00:00:01+00:00")', true],
    ['string(timestamp(timestamp(0)))', '1970-01-01T00:00:00.000Z'],
    ['true ? null : 1', null],
  ])('%s is %j', (source, value) => {
    expect(run(source, flight)).toEqual(value);
  });

  it('gives plain numbers, never BigInt, so that results are JSON like records', () => {
    for (const source of ['1', 'size([1])', 'int(3.7)', '{"a": 1}.a', '[1][0]', '2 * 3']) {
      expect(typeof run(source)).toBe('number');
    }
  });

  it('takes BigInt fields as numbers where that is exact, and refuses them otherwise', () => {
    expect(run('record.n + 1', { n: 41n })).toBe(42);
    expect(run('record.n == 41', { n: 41n })).toBe(true);
    expect(() => run('record.n + 1', { n: 2n ** 60n + 1n })).toThrow('too large for a number');
  });

  it('lets one side of && and || decide although the other fails, as CEL defines them', () => {
    expect(run('record.gone > 1 || true')).toBe(true);
    expect(run('record.gone > 1 && false')).toBe(false);
    expect(() => run('record.gone > 1 && true')).toThrow('there is no field "gone"');
    expect(() => run('record.gone > 1 || false')).toThrow('there is no field "gone"');
    expect(run('[0, 1].exists(x, x == 1 || record.gone)')).toBe(true);
  });

  it('agrees with the CEL library on doubles, strings, logic and lists', () => {
    const env = new Environment({ homogeneousAggregateLiterals: false }).registerVariable('record', 'dyn');
    const number = fc.constantFrom('record.x', 'record.y', '0.0', '2.5', '-1.0', '1e3');
    const string = fc.constantFrom('record.s', '"a"', '"ab"', '""');
    const { expression } = fc.letrec((tie) => ({
      number: fc.oneof(
        { depthSize: 'small' },
        number,
        fc.tuple(tie('number'), fc.constantFrom('+', '-', '*'), tie('number')).map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc.tuple(tie('bool'), tie('number'), tie('number')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
      ),
      bool: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('true', 'false', 'record.b', 'has(record.gone)'),
        fc
          .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number'))
          .map((p) => `(${p.join(' ')})`),
        fc.tuple(string, fc.constantFrom('<', '==', '!=', '>='), string).map((p) => `(${p.join(' ')})`),
        fc.tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool')).map((p) => `(${p.join(' ')})`),
        fc.tuple(tie('bool')).map(([a]) => `!${a}`),
        fc.tuple(string, string).map(([a, b]) => `${a}.contains(${b})`),
        fc.tuple(tie('number')).map(([a]) => `[1.0, ${a}].exists(i, i > record.x)`),
      ),
      expression: fc.oneof(tie('number'), tie('bool')),
    }));
    const record = fc.record({
      x: fc.double({ noNaN: true }),
      y: fc.double({ noNaN: true }),
      s: fc.string(),
      b: fc.boolean(),
    });
    fc.assert(
      fc.property(expression as fc.Arbitrary<string>, record, (source, value) => {
        const theirs: unknown = env.parse(source)({ record: value });

        expect(run(source, value)).toEqual(theirs);
      }),
      { numRuns: 400 },
    );
  });

  it('reports an absent field with the expression, its path and what to do', () => {
    expect(() => run('record.delya > 15', flight)).toThrow(OperatorError);
    expect(() => run('record.delya > 15', flight)).toThrow(
      'transforms.t.where: the expression "record.delya > 15" has no value for a record: there is no field "delya"; ask has(...) first where it may be absent',
    );
  });

  it.each([
    ['record.note > 15', 'null > number is not defined; test for null first'],
    ['record.origin > 15', 'string > number is not defined'],
    ['record.origin * 2', '* needs a number, not a string'],
    ['record.delay && true', '&& needs true or false, not a number'],
    ['record.tags[2]', 'index 2 is outside of a list of 2'],
    ['record.delay.x', 'a number has no field "x"'],
    ['double(record.origin)', 'double() cannot read "DTW" as a number'],
    ['record.origin.map(x, x)', 'a list or a map is expected, not a string'],
  ])('fails on %s: %s', (source, reason) => {
    expect(() => run(source, flight)).toThrow(reason);
  });

  it.each([
    ['record.delay >', 'the expression is not valid CEL at character 15'],
    ['', 'the expression is empty'],
    ['recrd.delay > 1', 'there is no variable "recrd"; in scope: record'],
    ['record.origin.contain("a")', 'there is no method contain()'],
    ['sise(record.origin)', 'there is no function sise()'],
    ['size()', 'size() takes 1 argument, not 0'],
    ['"a" + 1', 'string + number is not defined'],
    ['"a" < 1', 'string < number is not defined'],
    ['!5', '! needs a bool, not a number'],
    ['9007199254740993', 'cannot be held exactly'],
    ['b"bytes"', 'byte strings are not available'],
    ['"a".matches("a")', 'regular expressions are not available'],
    ['duration("1h")', 'durations are not available'],
    ['has(record)', 'has() takes one field'],
    ['[1].map(1, 2)', 'invalid predicate iteration variable'],
    ['"x".size().y', 'a number has no field "y"'],
    ['timestamp()', 'timestamp() takes 1 argument, not 0'],
  ])('refuses %j while loading: %s', (source, message) => {
    expect(() => compileExpression(source, 'p')).toThrow(ExpressionProblem);
    expect(() => compileExpression(source, 'p')).toThrow(message);
  });

  it('knows before any record that a filter cannot yield true or false', () => {
    expect(() => compileExpression('record.delay + "a"', 'p', 'bool')).toThrow('must yield true or false');
    expect(() => compileExpression('[1]', 'p', 'key')).toThrow('must yield a string, number or bool');
    expect(compileExpression('record.delay', 'p', 'bool').type).toBe('dyn');
  });

  it('keeps own fields of any name as plain data', () => {
    const made = run('{"__proto__": 1, "constructor": 2}') as object;

    expect(Object.getOwnPropertyNames(made)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
    const record = JSON.parse('{"__proto__": 7, "constructor": 8, "toString": 9}') as unknown;
    expect(run('[record["__proto__"], record.constructor, record.toString]', record)).toEqual([7, 8, 9]);
  });
});

describe('expressions and hostile input (S12)', () => {
  it.each([
    'record.constructor',
    'record["__proto__"]',
    'record.__proto__',
    'record.toString',
    'record.valueOf',
    'record.tags.length',
    'record.tags.constructor',
    'record.origin.length',
    'record.origin.constructor',
    'record.hasOwnProperty',
    'record.fn.call',
    'record["constructor"]["constructor"]',
    'record.date.getTime',
  ])('%s reaches nothing of the host', (source) => {
    const record = { tags: [1], origin: 'x', fn: () => 1, date: new Date(0) };

    expect(() => run(source, record)).toThrow(OperatorError);
  });

  it.each([
    'record.toString()',
    'record.constructor("return process")()',
    'process.exit(1)',
    'globalThis',
    'require("fs")',
    'eval("1")',
    'record.tags.push(1)',
    'record.origin.replace("a", "b")',
    'import("fs")',
    'cel.bind(x, 1, x)',
    'google.protobuf.Timestamp',
    'constructor',
    '__proto__',
    'hasOwnProperty("a")',
    'math.constructor(1)',
  ])('%s is refused while loading', (source) => {
    expect(() => compileExpression(source, 'p')).toThrow(ExpressionProblem);
  });

  const list = Array.from({ length: 10_000 }, (_, i) => i);
  it.each([
    'record.list.map(a, record.list.map(b, a + b))',
    'record.list.exists(a, record.list.exists(b, record.list.exists(c, a + b + c < 0)))',
    'record.list.all(a, record.list.all(b, a + b >= 0))',
    'record.list.filter(a, record.list == record.list.map(x, x))',
    'record.list.map(a, record.list + record.list)',
    'record.list.map(a, a in record.list)',
    'record.list.map(a, record.text + record.text)',
    'record.list.map(a, record.text.contains("b"))',
    'record.list.exists(a, record.list.exists(b, record.gone) || record.gone)',
  ])('%s stops at the cost limit', (source) => {
    expect(() => run(source, { list, text: 'a'.repeat(100_000) })).toThrow('steps for one record');
  });

  it('spends the cost limit anew for each record', () => {
    const expression = compileExpression('record.list.all(x, x >= 0)', 'p');

    for (let i = 0; i < 200; i++) expect(expression.evaluate({ list })).toBe(true);
  });

  it.each([
    ['too long', `record.a == "${'x'.repeat(EXPRESSION_LENGTH_MAX)}"`],
    ['deep brackets', `${'('.repeat(2000)}1${')'.repeat(2000)}`],
    ['deep lists', `${'['.repeat(2000)}${']'.repeat(2000)}`],
    ['deep negation', `${'!'.repeat(4000)}true`],
    ['a long chain', Array.from({ length: 400 }, () => '1.0').join('+')],
    ['deep fields', `record${'.a'.repeat(2000)}`],
    ['deep ternaries', `${'true?'.repeat(500)}1${':1'.repeat(500)}`],
    ['many arguments', `size(${Array.from({ length: 500 }, () => '1').join(',')})`],
  ])('refuses %s with a problem, not with an exhausted stack', (_, source) => {
    expect(() => compileExpression(source, 'p')).toThrow(ExpressionProblem);
  });

  it('compares deeply nested records without exhausting the stack', () => {
    const nest = (): unknown => {
      let value: unknown = 1;
      for (let i = 0; i < 100_000; i++) value = [value];
      return value;
    };

    expect(() => run('record.a == record.b', { a: nest(), b: nest() })).toThrow(OperatorError);
  });
});

describe('generator expressions', () => {
  it('are functions of the index and the drawn numbers', () => {
    const expression = compileGeneratorExpression('"c-" + string(index % 3) + "-" + string(randomInt(1, 6))', 'p');

    expect(expression.evaluate(4, () => 0)).toBe('c-1-1');
    expect(expression.evaluate(5, () => 0.999999)).toBe('c-2-6');
  });

  it('choose from lists and draw uniformly', () => {
    expect(compileGeneratorExpression('choice(["a", "b"])', 'p').evaluate(0, () => 0.5)).toBe('b');
    expect(compileGeneratorExpression('random() * 100', 'p').evaluate(0, () => 0.25)).toBe(25);
  });

  it('know no record, and records know no randomness', () => {
    expect(() => compileGeneratorExpression('record.a', 'p')).toThrow('there is no variable "record"');
    expect(() => compileGeneratorExpression('index.a', 'p')).toThrow('index is a number and has no fields');
    expect(() => compileExpression('random()', 'p')).toThrow('there is no function random()');
  });
});
