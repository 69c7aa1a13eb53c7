"""The style sheet of the pages."""

STYLE = """
:root{--bg:#fbfbfa;--card:#fff;--ink:#1c1f24;--soft:#68707c;--line:#e4e6ea;--model:#3b6fd4;
--tool:#2f9163;--wait:#d99a1c;--bad:#cf3f3f;--queued:#c5cad3;--mono:ui-monospace,SFMono-Regular,
Menlo,Consolas,monospace}
@media(prefers-color-scheme:dark){:root{--bg:#15171b;--card:#1c1f25;--ink:#e7e9ed;--soft:#99a1ae;
--line:#2d323b;--model:#6c9bf2;--tool:#58bd8b;--wait:#e6b450;--bad:#f07272;--queued:#474e5a}}
*{box-sizing:border-box;margin:0}
body{background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif}
main{max-width:1120px;margin:0 auto;padding:36px 24px 48px}
h1{font-size:26px;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:17px;margin:36px 0 10px}
h3{font-size:12px;font-weight:600;color:var(--soft)}
.about,.note,footer{color:var(--soft);font-size:13.5px}
.state{float:right;padding:3px 12px;border-radius:99px;font-size:13px;font-weight:600;color:#fff;
background:var(--model)}
@media(prefers-color-scheme:dark){.state{color:#111}}
.state[data-state=completed]{background:var(--tool)}.state[data-state=failed]{background:var(--bad)}
.state:is([data-state=aborted],[data-state=waiting],[data-state=paused]){background:var(--wait)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(108px,1fr));margin:20px 0;
background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.facts div{padding:10px 14px;box-shadow:1px 0 var(--line),0 1px var(--line)}
dt{font-size:12px;color:var(--soft)}dd{font-size:16.5px;font-weight:600;overflow-wrap:anywhere;
font-variant-numeric:tabular-nums}
.said{border-left:3px solid var(--line);padding:2px 14px;margin:12px 0}.said.bad{border-color:
var(--bad)}.said p,.body p{white-space:pre-wrap;overflow-wrap:anywhere}
h4{font-size:12px;font-weight:600;color:var(--soft)}
.fold input,.toggle input{position:absolute;opacity:0;pointer-events:none}
.fold{position:relative}
.fold input:not(:checked)~p{max-height:9.5em;overflow:hidden;
mask-image:linear-gradient(#000 55%,transparent)}
.fold label,.toggle label{cursor:pointer;font-size:13px;color:var(--model)}
.fold label:hover,.toggle label:hover{text-decoration:underline}
.fold input:checked~label{display:none}
input:focus-visible~label{outline:2px solid var(--model);outline-offset:2px;border-radius:3px}
.toggle{position:relative;margin-bottom:10px}
.toggle label::before{content:"☐";margin-right:6px}
.toggle input:checked+label::before{content:"☑"}
section:not(:has(#noise:checked)) .events .noise:not(:target){display:none}

.legend span{display:inline-block;font-size:13px;color:var(--soft);margin-right:18px}
.legend span::before{content:"";display:inline-block;width:11px;height:11px;border-radius:3px;
margin-right:6px;vertical-align:-1px;background:var(--c)}
.model{--c:var(--model)}.tool{--c:var(--tool)}.wait{--c:var(--wait)}.bad{--c:var(--bad)}
.lost{--c:color-mix(in srgb,var(--bad) 55%,var(--card))}
.check,.queued{--c:var(--queued)}.early{--c:color-mix(in srgb,var(--model) 45%,var(--card))}
.timeline{border:1px solid var(--line);border-radius:10px;background:var(--card);padding:8px 14px;
margin-top:10px;max-height:80vh;overflow-y:auto}
.timeline>*{display:grid;grid-template-columns:1.6em minmax(150px,2fr) minmax(340px,4fr) 175px;
gap:10px;align-items:center;
font-size:13.5px;padding:1px 0;color:inherit;text-decoration:none;border-radius:4px}
.timeline>a:hover,summary:hover{background:color-mix(in srgb,var(--ink) 5%,transparent)}
.timeline>a:focus-visible,summary:focus-visible{outline:2px solid var(--model);outline-offset:-2px}
.timeline .first:not(:nth-child(2)){border-top:1px solid var(--line);border-radius:0;
margin-top:3px;padding-top:4px}
.axis{position:sticky;top:-8px;z-index:1;background:var(--card);padding:2px 0 4px!important}
.axis b{position:absolute;transform:translateX(-50%);white-space:nowrap;font-size:11.5px;
font-weight:400;color:var(--soft)}
.turn,.took,time,.events b{color:var(--soft);font-variant-numeric:tabular-nums;font-weight:400}
.took{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.took b{color:var(--ink);font-weight:400}
.name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.track{position:relative;height:18px}.timeline a .track{background:var(--grid)}
.track i{position:absolute;top:2px;bottom:2px;border-radius:3px;background:var(--c)}
.track i:not(.queued,.lost,.early){min-width:3px}.track .early{border-radius:3px 0 0 3px}
.track .early+i{border-radius:0 3px 3px 0}
.name small{display:inline;margin-left:.15em}
.axis b:not(.wide){display:none}
.legend .lost::before,.track .lost{background:repeating-linear-gradient(135deg,var(--c) 0 3px,
transparent 3px 6px)}
.track .wait{background:repeating-linear-gradient(135deg,var(--c) 0 5px,transparent 5px 9px)}
.left:not(:hover){opacity:.55}
.events{list-style:none;padding:0;border:1px solid var(--line);border-radius:10px;
background:var(--card);overflow:hidden}
.events li{border-left:3px solid var(--c,transparent);content-visibility:auto;
contain-intrinsic-size:auto 54px}
.events li+li{border-top:1px solid color-mix(in srgb,var(--line) 60%,transparent)}
.events li+li:is(.opens,.first:not(.noise)){border-top:2px solid var(--line)}
.events li:target{background:color-mix(in srgb,var(--model) 12%,var(--card))}
summary,.log>div{display:grid;grid-template-columns:2.4em 4.6em 1.6em 12em 1fr;gap:10px;
padding:6px 14px;font-size:14px}
summary{cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
.log code{padding-left:1.4em}.log .what{color:var(--bad)}
.log>div .what{color:var(--soft)}
time,.number{font-size:13px;text-align:right}
.number{color:var(--soft);font-variant-numeric:tabular-nums}
code{font:12.5px/1.7 var(--mono);color:var(--soft)}
.what{overflow-wrap:anywhere}.events .quiet .what{color:var(--soft)}
small{display:block;color:var(--soft);font-size:12.5px}
small span:not(:last-child)::after{content:" · ";white-space:pre}
.body{margin:2px 14px 10px;padding:2px 14px;border-left:3px solid var(--line);font-size:14px}
.raw{margin-bottom:10px}.raw>summary{display:block;font-size:13px;color:var(--soft);
padding:2px 14px}.raw>summary::before{content:"▸ "}.raw[open]>summary::before{content:"▾ "}
pre{font:12.5px/1.55 var(--mono);margin:0 14px 12px;padding:12px;border-radius:8px;overflow:auto;
max-height:32em;background:var(--bg);border:1px solid var(--line);white-space:pre-wrap;
overflow-wrap:anywhere}
footer{margin-top:28px}
@media screen and (max-width:1099px){.axis b:not(.middle){display:none}
.axis b.middle{display:block}}
@media screen and (max-width:820px){main{padding:20px 12px}
summary,.log>div{grid-template-columns:auto auto auto 1fr;gap:2px 10px}
summary .what,.log>div .what{grid-column:1/-1}.log code{padding-left:0}
.events:not(.runs) b:not(:empty)::before{content:"turn "}
.timeline>*{grid-template-columns:1.4em 1fr auto;gap:2px 8px;padding:3px 0}
.timeline .track{grid-column:2/-1;grid-row:2}.timeline .took{grid-column:3;grid-row:1}
.timeline .axis .track{grid-row:1}
.axis b.middle:not(.narrow){display:none}.axis b.narrow{display:block}}
@page{margin:14mm}
@media print{:root{--bg:#fff;--card:#fff;--ink:#1c1f24;--soft:#555c66;--line:#dfe2e6;
--model:#3b6fd4;--tool:#2f9163;--wait:#d99a1c;--bad:#cf3f3f;--queued:#c5cad3}
.events .noise{display:none}.toggle,.fold label{display:none}
.fold input:not(:checked)~p{max-height:none;mask-image:none}
body,.said p,.body p,.what,small,.about,.note,time,.legend span,code{font-size:11px}
h1{font-size:20px}
h2{font-size:14px;margin:20px 0 8px}dd{font-size:14px}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}.state{color:#fff}
.timeline,pre{max-height:none;overflow:visible}.axis{position:static}
.events li{content-visibility:visible;break-inside:avoid}summary,.log>div{padding:3px 8px;
grid-template-columns:2em 5em 1.6em 11em 1fr;font-size:11px}.timeline>*{font-size:11px;
break-inside:avoid;grid-template-columns:1.6em 130px 1fr 130px}h2{break-after:avoid}}
"""
