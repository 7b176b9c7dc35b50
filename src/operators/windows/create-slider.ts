/** Which slider a set of aggregates gets. */
import type { StateAccess } from '../../model/index.ts';
import { RetractingSlider, RUNNING_STATE } from './retracting-slider.ts';
import { FRONT_STATE, STACKS_STATE, TwoStackSlider } from './two-stack-slider.ts';
import type { WindowFields } from './window-fields.ts';
import type { PaneReader, WindowSlider } from './window-slider.ts';

export function createSlider(state: StateAccess, fields: WindowFields<never>, panes: PaneReader): WindowSlider {
  if (fields.canRetract) return new RetractingSlider(state, fields, panes);
  return new TwoStackSlider({ stacks: state.value(STACKS_STATE), front: state.map(FRONT_STATE) }, fields, panes);
}

/** The states of that slider. */
export function sliderStates(
  fields: WindowFields<never>,
): readonly { readonly name: string; readonly kind: 'value' | 'map' }[] {
  if (fields.canRetract) return [{ name: RUNNING_STATE, kind: 'value' }];
  return [
    { name: STACKS_STATE, kind: 'value' },
    { name: FRONT_STATE, kind: 'map' },
  ];
}
