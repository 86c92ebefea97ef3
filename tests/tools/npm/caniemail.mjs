// Asks caniemail what the clients lack of some mails: {"clients": ["gmail.ios"], "mails": {"name": "<html>"}} on
// standard input, {"name": [["feature", "gmail.ios", "none" or "partial"], …]} on standard output.
//
// By itself caniemail looks neither at rules inside @media nor at what @media asks for, so both are laid out for it.
import { text } from "node:stream/consumers";
import { parse, stringify } from "@adobe/css-tools";
import { caniemail, getAllFeatures } from "caniemail";

const { clients, mails } = JSON.parse(await text(process.stdin));

function examine(html) {
  const shown = html.replace(/<!--[^]*?-->/g, ""); // only Outlook reads what stands in [if mso]
  const sheets = [...shown.matchAll(/<style[^>]*>([^]*?)<\/style>/g)].map((found) => parse(found[1]));
  const media = sheets.flatMap((sheet) => sheet.stylesheet.rules).filter((rule) => rule.type === "media");
  const inner = stringify({ type: "stylesheet", stylesheet: { rules: media.flatMap((rule) => rule.rules) } });
  const found = [...reported({ html: shown }), ...reported({ css: inner || "a {}" })];
  return [...found, ...asked(media.map((rule) => rule.media).join())];
}

function reported(source) {
  const { errors, warnings } = caniemail({ clients, ...source }).issues;
  return [...errors, ...warnings].flatMap(([client, issues]) =>
    issues.map((issue) => [issue.title, client, issue.support]),
  );
}

// caniemail names these features “@media (hover)”.
function asked(conditions) {
  const { supported, unsupported } = getAllFeatures(clients);
  return [...supported, ...unsupported].flatMap(([client, features]) =>
    features
      .filter(({ support, title }) => support !== "full" && title.startsWith("@media ("))
      .filter(({ title }) => conditions.includes(title.slice("@media ".length, -1)))
      .map(({ support, title }) => [title, client, support]),
  );
}

console.log(JSON.stringify(Object.fromEntries(Object.entries(mails).map(([name, html]) => [name, examine(html)]))));
