// Whether a page is well-formed HTML, by html-validate.
import { HtmlValidate } from "html-validate";

/** Rules that are matters of taste: how a tag is written when both ways mean the same. */
const TASTE = [];

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: Object.fromEntries(TASTE.map((rule) => [rule, "off"])),
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
