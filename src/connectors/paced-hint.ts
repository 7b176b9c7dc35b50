/** What the surveyor of a paced source tells its readers: its own schedule, and the hint of the source inside. Pure. */
import type { SurveyHint } from '../model/index.ts';

export function pacedHint(schedule: SurveyHint, inner: SurveyHint | undefined): SurveyHint {
  return inner === undefined ? schedule : { ...schedule, inner: JSON.stringify(inner) };
}

export function innerHint(hint: SurveyHint | undefined): SurveyHint | undefined {
  const inner = hint?.['inner'];
  return inner === undefined ? undefined : JSON.parse(String(inner));
}
