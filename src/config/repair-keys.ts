/**
 * Finds misspelt keys and types of a job file and mends them in a copy, so that one typing error does not hide the
 * problems behind it or cause a dozen follow-ups. Also hands out every string with a role. Driven by the schema; pure.
 */
import { z } from 'zod';
import { editDistance, suggest } from '../model/index.ts';
import { formatPath, type JsonPath, type Problem } from './problem.ts';
import { type FieldRole, fieldRoles } from './schema-fields.ts';

export interface RepairedValue {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Every string that the schema gives a role, with its path in the original. */
  readonly roles: readonly { readonly role: FieldRole; readonly text: string; readonly path: JsonPath }[];
  /** Paths (in the copy) whose type is unknown: nothing more can be said of what is below. */
  readonly abandoned: ReadonlySet<string>;
  /** The path in the original of a path in the copy. */
  originalPath(path: JsonPath): JsonPath;
}

export function repairKeys(schema: z.core.$ZodType, value: unknown): RepairedValue {
  const repair = new Repair();
  const repaired = repair.visit(schema, value, [], []);
  const { problems, roles, abandoned } = repair;
  return { value: repaired, problems, roles, abandoned, originalPath: (path) => repair.originalPath(path) };
}

type Fields = Record<string, unknown>;

class Repair {
  readonly problems: Problem[] = [];
  readonly roles: { role: FieldRole; text: string; path: JsonPath }[] = [];
  readonly abandoned = new Set<string>();
  /** By path in the copy: the key as the user wrote it. */
  readonly #renamed = new Map<string, string>();

  /** `path` is that in the original, `copied` that in the copy. */
  visit(schema: z.core.$ZodType, value: unknown, path: JsonPath, copied: JsonPath): unknown {
    if (schema instanceof z.ZodOptional) return this.visit(schema.unwrap(), value, path, copied);
    if (schema instanceof z.ZodArray && Array.isArray(value)) {
      return value.map((element, index) => this.visit(schema.element, element, [...path, index], [...copied, index]));
    }
    if (typeof value === 'string') {
      const role = schema instanceof z.ZodType ? fieldRoles.get(schema)?.role : undefined;
      if (role !== undefined) this.roles.push({ role, text: value, path });
    }
    if (schema instanceof z.ZodUnion && typeof value === 'string') {
      const ofText = schema.options.find((option) => option instanceof z.ZodString);
      return ofText === undefined ? value : this.visit(ofText, value, path, copied);
    }
    if (!isFields(value)) return value;
    if (schema instanceof z.ZodDiscriminatedUnion) return this.#variant(schema, value, path, copied);
    if (schema instanceof z.ZodObject) return this.#object(schema, value, path, copied);
    if (schema instanceof z.ZodRecord) {
      const copy: Fields = {};
      for (const [key, inner] of Object.entries(value)) {
        copy[key] = this.visit(schema.valueType, inner, [...path, key], [...copied, key]);
      }
      return copy;
    }
    return value;
  }

  originalPath(path: JsonPath): JsonPath {
    return path.map((part, index) => this.#renamed.get(formatPath(path.slice(0, index + 1))) ?? part);
  }

  #object(schema: z.ZodObject, value: Fields, path: JsonPath, copied: JsonPath): Fields {
    const shape = schema.shape as Record<string, z.core.$ZodType>;
    const copy: Fields = {};
    for (const [key, inner] of Object.entries(value)) {
      let name: string | undefined = key;
      if (!Object.hasOwn(shape, key)) {
        const free = Object.keys(shape).filter((known) => !Object.hasOwn(value, known));
        name = suggest(key, free);
        this.#unknownKey([...path, key], name, Object.keys(shape));
        if (name === undefined || Object.hasOwn(copy, name)) continue;
        this.#renamed.set(formatPath([...copied, name]), key);
      }
      copy[name] = this.visit(shape[name]!, inner, [...path, key], [...copied, name]);
    }
    return copy;
  }

  /** One of several objects told apart by the key `type`. */
  #variant(union: z.ZodDiscriminatedUnion, value: Fields, path: JsonPath, copied: JsonPath): unknown {
    const options = new Map(union.options.map((option) => [typeName(option as z.ZodObject), option as z.ZodObject]));
    const { fields, typeKey } = this.#withTypeKey(options, value, path, copied);
    const given = fields['type'];
    const exact = typeof given === 'string' ? options.get(given) : undefined;
    if (exact !== undefined) return this.#object(exact, fields, path, copied);
    const known = [...options.keys()];
    const meant = typeof given === 'string' ? suggest(given, known) : undefined;
    const list = known.join(', ');
    if (given === undefined) this.problems.push({ path, message: `type is missing; it is one of ${list}` });
    else {
      const message = `there is no type ${JSON.stringify(given)}; there are ${list}`;
      this.problems.push({ path: [...path, typeKey], message, suggestion: meant });
    }
    if (meant !== undefined) return this.#object(options.get(meant)!, { ...fields, type: meant }, path, copied);
    this.abandoned.add(formatPath(copied));
    return fields;
  }

  /** Mends a misspelt `type`: without it nothing else in the object can be judged. */
  #withTypeKey(
    options: ReadonlyMap<string, z.ZodObject>,
    value: Fields,
    path: JsonPath,
    copied: JsonPath,
  ): { fields: Fields; typeKey: string } {
    if (Object.hasOwn(value, 'type')) return { fields: value, typeKey: 'type' };
    const isKnown = (key: string): boolean => [...options.values()].some(({ shape }) => Object.hasOwn(shape, key));
    const typeKey = Object.keys(value).find((key) => !isKnown(key) && editDistance(key.toLowerCase(), 'type') <= 1);
    if (typeKey === undefined) return { fields: value, typeKey: 'type' };
    this.#unknownKey([...path, typeKey], 'type', []);
    this.#renamed.set(formatPath([...copied, 'type']), typeKey);
    const { [typeKey]: type, ...rest } = value;
    return { fields: { type, ...rest }, typeKey };
  }

  /** `suggestion`: the key meant, unless the object has that one too. */
  #unknownKey(path: JsonPath, suggestion: string | undefined, known: readonly string[]): void {
    const key = String(path.at(-1));
    const given = suggestion === undefined ? suggest(key, known) : undefined;
    const hint =
      suggestion !== undefined
        ? ''
        : given === undefined
          ? `; known are ${known.join(', ')}`
          : `; ${JSON.stringify(given)} is given already`;
    this.problems.push({ path, message: `unknown key ${JSON.stringify(key)}${hint}`, suggestion });
  }
}

function typeName(option: z.ZodObject): string {
  return String((option.shape['type'] as z.ZodLiteral).value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
