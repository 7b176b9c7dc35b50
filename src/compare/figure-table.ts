/** A table of figures as text, with units, whoever shows it: the terminal aligns it, the report puts it into a page. */

export interface FigureTable {
  /** One per variant; a second line may be empty. */
  readonly columns: readonly { readonly title: string; readonly subtitle: string }[];
  readonly sections: readonly FigureSection[];
}

export interface FigureSection {
  readonly title: string;
  readonly rows: readonly FigureRow[];
}

export interface FigureRow {
  readonly name: string;
  /** As many as there are columns. */
  readonly cells: readonly string[];
}
