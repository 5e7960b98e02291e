// Progressive enhancement only: every page works without this file.
// No eval, no innerHTML; one Trusted Types policy, for fragments of this console.
const policy = window.trustedTypes?.createPolicy("frag", { createHTML: (html) => html });
const parsed = (html) => new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html").body;

// Tells those who do not see the page; the same words twice are told twice.
const announce = (words) => {
  const region = document.getElementById("live");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = words; });
};

// Copies the text of the element that a button names: by the clipboard where there is one, by the
// old way on plain HTTP, and if both fail the text is selected for the person to copy.
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "vh" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const done = await copy(source.dataset.value ?? source.textContent.trim());
  button.focus();
  if (!done) getSelection().selectAllChildren(source);
  announce(done ? "Copied to clipboard" : "Press Ctrl or Command and C to copy the selected text");
  const label = button.querySelector("[data-label]");
  label.textContent = done ? "Copied" : "Selected";
  setTimeout(() => { label.textContent = "Copy"; }, 2000);
});

// A form that was sent is not sent again; the server has a key for that as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("download" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  form.setAttribute("aria-busy", "true");
  leaving = true;
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// What is shown once asks before it is left.
let leaving = false;
addEventListener("beforeunload", (event) => {
  const box = document.querySelector("[data-leave-when]");
  if (box && !leaving && !box.checked) event.preventDefault();
});

// Which of several things was opened last is remembered, for the server to open it next time.
for (const details of document.querySelectorAll("details[data-remember]")) {
  details.addEventListener("toggle", () => {
    if (details.open) document.cookie = `jeton-lang=${details.dataset.remember}; path=/; max-age=31536000; samesite=lax`;
  });
}

// What went wrong is read first.
document.querySelector("[data-focus]")?.focus();

// Moments also say the local time.
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.valueOf())) time.title ||= `${moment.toLocaleString()} local time`;
}

// What is open is in sight where its neighbours do not fit beside it.
const showWhere = () => {
  for (const here of document.querySelectorAll(".nav [aria-current], .tabs [aria-current]")) {
    const list = here.parentElement;
    list.scrollLeft = here.offsetLeft - list.offsetLeft - (list.clientWidth - here.offsetWidth) / 2;
  }
};
showWhere();
addEventListener("resize", showWhere);

// Live parts: a GET of the fragment while the page is seen and nobody is inside the part. What
// says so aloud (data-say, in other words than it shows or the same) is announced when it changes.
// A part that could not be brought up to date, or is left alone, says since when.
const saying = (part) => {
  const speaker = part.querySelector("[data-say]");
  return speaker && (speaker.dataset.say || speaker.textContent.trim());
};
const PATIENCE = 10_000;
for (const part of document.querySelectorAll("[data-live]")) {
  const every = 1000 * (part.dataset.every ?? 5);
  const note = Object.assign(document.createElement("p"), { className: "stale" });
  let tag = null;
  let said = saying(part);
  let latest = new Date();
  let timer;
  let isBusy = false;
  const isLeft = () => document.visibilityState === "visible" && !part.contains(document.activeElement) && !document.querySelector("dialog[open]");
  const refresh = async () => {
    const headers = { "x-live": "1", ...(tag && { "if-none-match": tag }) };
    const signal = AbortSignal.timeout(PATIENCE);
    const reply = await fetch(part.dataset.live, { headers, redirect: "manual", signal });
    if (reply.type === "opaqueredirect") location.reload();
    if (reply.status === 304) return true;
    if (reply.status !== 200) return false;
    const html = await reply.text();
    if (!isLeft()) return false;
    const open = [...part.querySelectorAll("details")].map((details) => details.open);
    part.replaceChildren(...parsed(html).childNodes);
    for (const [at, details] of part.querySelectorAll("details").entries()) details.open ||= open[at] ?? false;
    tag = reply.headers.get("etag");
    const words = saying(part);
    if (words && words !== said) announce(words);
    said = words;
    return true;
  };
  const age = (isFailed) => {
    const words = `Not updated since ${latest.toISOString().slice(11, 16)} UTC`;
    if (isFailed && note.textContent !== words) announce(words);
    note.textContent = words;
    if (!note.isConnected) part.append(note);
  };
  const tick = async () => {
    if (isBusy) return;
    isBusy = true;
    clearTimeout(timer);
    if (isLeft() && await refresh().catch(() => false)) {
      latest = new Date();
      note.remove();
      note.textContent = "";
    } else {
      age(isLeft());
    }
    isBusy = false;
    timer = setTimeout(tick, every);
  };
  timer = setTimeout(tick, every);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") tick();
  });
}

// Dialogs for browsers that do not know command and commandfor.
if (!("commandForElement" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    if (!button) return;
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "show-modal") dialog.showModal();
    else dialog.close();
  });
}
