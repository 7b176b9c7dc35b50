/** The style of a report, light and dark. Text of the page; see `render-report.ts`. */
export const REPORT_STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #fcfcfb; --panel: #ffffff; --text: #1b1d1f; --quiet: #5d646b; --line: #d9dcdf; --grid: #eceef0;
  --good: #14743c; --bad: #b3261e;
  --series-0: #1d5fd1; --series-1: #c2410c; --series-2: #0f7a5a; --series-3: #a21caf; --series-4: #8a6a00; --series-5: #0e7490;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181a; --panel: #1d2023; --text: #e8eaec; --quiet: #a2a9b0; --line: #3a3f44; --grid: #2a2e32;
    --good: #6bd49a; --bad: #ff8a80;
    --series-0: #7db0ff; --series-1: #ff9d6b; --series-2: #58cfa5; --series-3: #e48bf0; --series-4: #d9b54a; --series-5: #5cc8de;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 40px 0 4px; }
p { margin: 0 0 12px; }
.quiet { color: var(--quiet); }
.verdict { font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.scroll { margin-top: 16px; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px; text-align: right; white-space: nowrap; font-weight: normal; }
th:first-child { text-align: left; }
thead th { font-weight: 600; border-bottom: 1px solid var(--line); vertical-align: top; }
thead .sub { display: block; font-weight: normal; color: var(--quiet); }
tr.section th { text-align: left; font-weight: 600; padding-top: 16px; color: var(--text); }
tbody th { color: var(--quiet); }
.chart { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 8px 8px; }
.uplot, .u-legend { font: 13px/1.4 system-ui, sans-serif; }
.u-legend { color: var(--text); text-align: left; }
.u-legend th { padding: 2px 6px; }
.u-legend td { padding: 2px 6px; color: var(--quiet); }
ul { margin: 0; padding: 0; list-style: none; }
li { padding: 2px 0; color: var(--quiet); overflow-wrap: anywhere; white-space: pre-wrap; font: 13px/1.5 ui-monospace, monospace; }
`;
