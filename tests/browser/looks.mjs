// What is asked of a page where it is drawn: these run in the browser.

/** What is smaller than a finger, or hidden beyond the edge. */
export const measure = () => {
  const small = [];
  const name = (element) => `${element.tagName.toLowerCase()} “${element.textContent.trim().slice(0, 30)}”`;
  for (const element of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
    const { width, height } = element.getBoundingClientRect();
    const seen = width > 0 && height > 0 && !element.closest(".vh, .skip, [hidden]") && !element.matches(".skip");
    const inText = element.matches("p a, li a, td a:not(.btn), th a, dd a, caption a, figcaption a");
    const labelled = element.matches("input[type=radio], input[type=checkbox]") && element.closest(".choice, td, label");
    const isControl = element.matches(".btn:not(.copy), input, select, textarea");
    const least = isControl ? 36 : 24;
    if (seen && !inText && !labelled && (width < least || height < least)) small.push(`${name(element)} ${Math.round(width)}×${Math.round(height)}`);
  }
  // The whole box of a choice is what can be pressed.
  for (const box of document.querySelectorAll(".choice")) {
    box.scrollIntoView({ block: "center" });
    const { right, top, bottom, width } = box.getBoundingClientRect();
    const met = width > 0 && document.elementFromPoint(right - 6, (top + bottom) / 2);
    if (met && box.contains(met) && !met.closest("label, input, .field")) small.push(`only a part can be pressed of ${name(box)}`);
  }
  scrollTo(0, 0);
  return { small, wide: document.documentElement.scrollWidth - innerWidth };
};

/** Widens letters, words and lines as people with poor sight do; how much too wide the page is then. */
export const spaced = () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-block-end: 2em !important; }");
  document.adoptedStyleSheets = [sheet];
  return document.documentElement.scrollWidth - innerWidth;
};

/** What has lost its border where colours are forced, and what moves where nothing may. */
export const bare = () => {
  const bare = [...document.querySelectorAll(".badge, .btn")].filter((it) => it.checkVisibility() && getComputedStyle(it).borderTopWidth === "0px");
  const moving = [...document.querySelectorAll("*")].filter((it) => {
    const style = getComputedStyle(it);
    return style.transitionDuration !== "0s" || style.animationName !== "none";
  });
  const first = (all) => all[0].outerHTML.slice(0, 80);
  return [
    ...(bare.length ? [`no border in forced colours: ${first(bare)}`] : []),
    ...(moving.length ? [`moves where motion is not wanted: ${first(moving)}`] : []),
  ];
};

/** How many stops the keyboard makes at least; from now on they are noted. */
export const stops = () => {
  const seen = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")].filter((it) => it.checkVisibility({ visibilityProperty: true }) && !it.disabled);
  const groups = new Set();
  const once = seen.filter((it) => {
    if (it.type !== "radio") return true;
    const group = `${it.form?.action} ${it.name}`;
    return !groups.has(group) && groups.add(group);
  });
  window.stopped = [];
  document.addEventListener("focusin", ({ target }) => {
    const { outlineStyle, outlineWidth, outlineColor, outlineOffset } = getComputedStyle(target);
    window.stopped.push({ target, outlineStyle, outlineWidth, outlineColor, outlineOffset });
  });
  return once.length;
};

/** What is wrong with the stops that were noted. */
export const focused = () => {
  const channels = (colour) => colour.match(/^rgba?\(([^)]+)\)/)?.[1].split(",").map(Number);
  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((it) => it / 255).map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found && (found[3] ?? 1) === 1) return found;
    }
    return [255, 255, 255];
  };
  const contrast = (one, two) => {
    const [high, low] = [luminance(one), luminance(two)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const faults = [];
  const noted = window.stopped.filter(({ target }) => target.matches(":not([data-focus])"));
  if (!noted[0]?.target.matches(".skip")) faults.push(`the first stop is ${noted[0]?.target.outerHTML.slice(0, 80)}`);
  for (const [n, { target, outlineStyle, outlineWidth, outlineColor, outlineOffset }] of noted.entries()) {
    const name = target.outerHTML.slice(0, 80);
    if (n > 0 && target === noted[0].target) break;
    const before = noted[n - 1]?.target;
    if (before && !(before.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING)) faults.push(`out of order: ${name}`);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) faults.push(`no ring on ${name}`);
    const colour = channels(outlineColor);
    const on = ground(parseFloat(outlineOffset) < 0 ? target : target.parentElement);
    if (colour && contrast(colour, on) < 3) faults.push(`a faint ring on ${name}`);
  }
  return faults;
};
