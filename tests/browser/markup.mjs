// Whether a page is well-formed HTML, by html-validate.
import { HtmlValidate } from "html-validate";

/** Rules that are matters of taste: both ways of writing it mean the same, to browsers and to people. */
const TASTE = [
  "doctype-style",
  "form-dup-name", // a list is sent as several members of one name
  "long-title", // a title names the client, whose name may be long
  "no-implicit-button-type",
  "no-implicit-input-type",
  "no-redundant-role", // Safari forgets that a list without bullets is one
  "no-trailing-whitespace",
  "prefer-native-element",
];

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: { ...Object.fromEntries(TASTE.map((rule) => [rule, "off"])), "valid-id": ["error", { relaxed: true }] },
});

/** What is wrong with a page, each kind once. */
export const faults = async (html) => {
  const report = await validator.validateString(html);
  const messages = report.results.flatMap((result) => result.messages);
  const first = new Map();
  for (const message of messages) if (!first.has(message.ruleId)) first.set(message.ruleId, message);
  return [...first.values()].map(({ ruleId, message, line, column }) => {
    const at = html.split("\n")[line - 1].slice(Math.max(0, column - 20), column + 60);
    return `${ruleId}: ${message}: ${at}`;
  });
};
