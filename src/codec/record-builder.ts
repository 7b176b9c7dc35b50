/**
 * Builds plain objects from columns, at the speed of object literals and without generated code.
 *
 * V8 makes a literal with computed names as fast as one with fixed names (20 ns for two fields here) as long as its place
 * in the source always sees the same names, and very slow (400 ns) once it has seen many. So there is one literal for each
 * number of fields, and the first shape of that many fields in this thread owns it; other shapes take a loop (50 ns).
 */

/** Field names in their order, as V8 keeps them for property access. */
export interface RecordShape {
  readonly names: readonly string[];
  /** Whether this shape owns the literal of its width. */
  readonly ownsLiteral: boolean;
}

type Columns = readonly (readonly unknown[])[];
type Literal = (names: readonly string[], columns: Columns, count: number) => object[];

/** Shapes remembered; beyond it all are forgotten, and the next ones are remembered again (I8). */
const SHAPES_MAX = 256;
const shapes = new Map<string, RecordShape>();
const ownedWidths = new Set<number>();

export function shapeOf(names: readonly string[]): RecordShape {
  const id = JSON.stringify(names);
  const known = shapes.get(id);
  if (known !== undefined) return known;
  const width = names.length;
  const shape: RecordShape = {
    // With strings fresh from decoding every access would be a look-up in V8's table of names.
    names: Object.keys(Object.fromEntries(names.map((name) => [name, 0]))),
    ownsLiteral: LITERALS[width] !== undefined && !ownedWidths.has(width),
  };
  if (shape.ownsLiteral) {
    ownedWidths.add(width);
    settleFields(shape);
  }
  if (shapes.size >= SHAPES_MAX) shapes.clear();
  shapes.set(id, shape);
  return shape;
}

/** `count` new objects; `columns` in the order of the shape's names. */
export function buildRecords(shape: RecordShape, columns: Columns, count: number): object[] {
  const literal = shape.ownsLiteral ? LITERALS[shape.names.length] : undefined;
  return literal === undefined ? buildInLoop(shape.names, columns, count) : literal(shape.names, columns, count);
}

/**
 * Builds two records that nobody needs, so that V8 learns at once that a field may hold anything. It would otherwise learn it from
 * the first column with a null, a text or a fraction where there were integers before; the class of the objects is
 * then replaced by another, and the literal is slow (100 ns and more a field) as long as the thread lives.
 */
function settleFields(shape: RecordShape): void {
  const column = [0, ''];
  buildRecords(
    shape,
    shape.names.map(() => column),
    column.length,
  );
}

function buildInLoop(names: readonly string[], columns: Columns, count: number): object[] {
  const width = names.length;
  const built = new Array<object>(count);
  for (let i = 0; i < count; i++) {
    const value: Record<string, unknown> = {};
    for (let field = 0; field < width; field++) value[names[field]!] = columns[field]![i];
    built[i] = value;
  }
  return built;
}

type Names = readonly [string, string, string, string, string, string];
type Column = readonly unknown[];
type Six = readonly [Column, Column, Column, Column, Column, Column];

const LITERALS: readonly (Literal | undefined)[] = [
  undefined,
  (names, columns, count) => {
    const [n0] = names as Names;
    const [c0] = columns as Six;
    const built = new Array<object>(count);
    for (let i = 0; i < count; i++) built[i] = { [n0]: c0[i] };
    return built;
  },
  (names, columns, count) => {
    const [n0, n1] = names as Names;
    const [c0, c1] = columns as Six;
    const built = new Array<object>(count);
    for (let i = 0; i < count; i++) built[i] = { [n0]: c0[i], [n1]: c1[i] };
    return built;
  },
  (names, columns, count) => {
    const [n0, n1, n2] = names as Names;
    const [c0, c1, c2] = columns as Six;
    const built = new Array<object>(count);
    for (let i = 0; i < count; i++) built[i] = { [n0]: c0[i], [n1]: c1[i], [n2]: c2[i] };
    return built;
  },
  (names, columns, count) => {
    const [n0, n1, n2, n3] = names as Names;
    const [c0, c1, c2, c3] = columns as Six;
    const built = new Array<object>(count);
    for (let i = 0; i < count; i++) built[i] = { [n0]: c0[i], [n1]: c1[i], [n2]: c2[i], [n3]: c3[i] };
    return built;
  },
  (names, columns, count) => {
    const [n0, n1, n2, n3, n4] = names as Names;
    const [c0, c1, c2, c3, c4] = columns as Six;
    const built = new Array<object>(count);
    for (let i = 0; i < count; i++) built[i] = { [n0]: c0[i], [n1]: c1[i], [n2]: c2[i], [n3]: c3[i], [n4]: c4[i] };
    return built;
  },
  (names, columns, count) => {
    const [n0, n1, n2, n3, n4, n5] = names as Names;
    const [c0, c1, c2, c3, c4, c5] = columns as Six;
    const built = new Array<object>(count);
    for (let i = 0; i < count; i++) {
      built[i] = { [n0]: c0[i], [n1]: c1[i], [n2]: c2[i], [n3]: c3[i], [n4]: c4[i], [n5]: c5[i] };
    }
    return built;
  },
];
