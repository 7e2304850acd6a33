import { html } from './markup.ts';

/**
 * Colours after Okabe and Ito, which people with colour blindness can tell apart; darker or lighter, so that marks have
 * a contrast of 3 to 1 with their background, and texts one of 4.5 to 1 (WCAG 2.2, 1.4.11 and 1.4.3).
 */
const LIGHT = `--page:#f4f6f8;--card:#fff;--line:#d5dbe1;--text:#1a2027;--faint:#56616d;--link:#005a9c;
--alive:#3a9c66;--idle:#0458a0;--stale:#805900;--pending:#b576dc;--static:#363e45;
--joined:#0b4cb5;--good:#00674b;--fair:#8a5200;--bad:#b3261e`;
const DARK = `--page:#11151a;--card:#1a2027;--line:#39434e;--text:#e7ecf1;--faint:#a7b2be;--link:#7cc0f5;
--alive:#6be3ac;--idle:#2d86e0;--stale:#e48c21;--pending:#a0567b;--static:#97a1b3;
--joined:#4387f6;--good:#4ccfa3;--fair:#f0b429;--bad:#ff8f82`;

export const STYLE = html`
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1.5rem 1rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1,h2,p,ul,dl,dd,figure{margin:0;padding:0}
h1{font-size:1.75rem;line-height:1.2}
body>header{overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.2;overflow-wrap:anywhere}
a{color:var(--link)}
ul{list-style:none}
body>header p,footer,.last,.none,figcaption,caption,.sums dt,thead th{color:var(--faint)}
section,.sums div,.domains{background:var(--card);border:1px solid var(--line);border-radius:.5rem}
.sentences{margin:1rem 0;font-size:1.25rem;font-weight:600}
.sums{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,11rem),1fr));gap:.75rem;margin:1rem 0}
.sums div{display:flex;flex-direction:column-reverse;justify-content:flex-end;padding:.75rem 1rem}
.sums dd{overflow-wrap:anywhere;font-size:1.75rem;font-weight:600;line-height:1.2}
table{border-collapse:collapse;width:100%}
caption,figcaption{text-align:left;font-size:.875rem;margin-bottom:.5rem}
th,td{padding:.25rem .5rem;text-align:right;font-weight:400}
th:first-child,td:first-child{text-align:left}
thead th{font-size:.875rem}
.domains{border-collapse:separate;border-spacing:0;padding:.25rem .5rem}
.domains caption{margin:.5rem 0}
.domains th:first-child{width:40%;overflow-wrap:anywhere}
.domains td:nth-child(2),.domains th:nth-child(2){text-align:left}
section{margin:1rem 0;padding:1rem}
section header{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;margin-bottom:1rem}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:1.5rem 2.5rem}
figure+figure{margin-top:1.5rem}
.condition{font-weight:600}
section .condition{white-space:nowrap}
.good{color:var(--good)}.fair{color:var(--fair)}.bad{color:var(--bad)}
time{white-space:nowrap}
svg{display:block;width:100%}
.alive{--mark:var(--alive)}.idle{--mark:var(--idle)}.stale{--mark:var(--stale)}.pending{--mark:var(--pending)}.static{--mark:var(--static)}
.joined{--mark:var(--joined)}
.ages rect{fill:var(--faint)}
path{fill:var(--mark);vector-effect:non-scaling-stroke}
.area{fill-opacity:.25;stroke:var(--mark);stroke-width:1.5px}
.shares{height:1.75rem}
.shares path{stroke:var(--card);stroke-width:2px}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin-top:.5rem}
.legend i{display:inline-block;width:.75rem;height:.75rem;margin-right:.375rem;border-radius:2px;background:var(--mark);forced-color-adjust:none}
.ages{margin-top:1.5rem}
.ages th:first-child{padding-left:0;white-space:nowrap;width:1%}
.ages :last-child{padding-right:0}
.ages td:last-child{width:1%}
.ages svg{height:.875rem}
.plot{display:grid;grid-template-columns:auto 1fr;gap:.25rem .5rem}
.plot svg{height:7.5rem}
.scale{display:flex;flex-direction:column;justify-content:space-between;margin:-.6em 0;font-size:.75rem;line-height:1.2;text-align:right;color:var(--faint)}
.plot .grid{fill:none;stroke:var(--line);stroke-width:1px}
.plot .axis{grid-column:2;height:1.25rem;font-size:.75rem;overflow:visible;fill:var(--faint);text-anchor:middle}
details{margin-top:.75rem;overflow-x:auto}
details table{font-size:.875rem}
summary{cursor:pointer;color:var(--link)}
.last{font-size:.875rem}
*+.last{margin-top:.75rem}
footer{padding:.5rem 0;font-size:.875rem}
footer h2{margin-bottom:.5rem;font-size:1rem}
footer dl{max-width:45rem}
footer div{display:grid;grid-template-columns:9rem 1fr;gap:0 .5rem}
footer dt{font-weight:600}
footer p{margin-top:1rem}
@media (max-width:30rem){.domains{padding:0}.sums{grid-template-columns:repeat(2,minmax(0,1fr))}.sums dd{font-size:1.5rem}table{font-size:.875rem}th,td{padding:.25rem}footer div{display:block;margin-top:.5rem}}
`;
