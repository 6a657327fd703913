// Values as people read them. Texts become nodes through textContent only, never as HTML.
export const at = (id) => document.getElementById(id);

export function element(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = String(text);
  return made;
}

const shown = new Map();

// Rebuilds a part of the page only when its values changed: selections and focus survive.
export function draw(id, value, build) {
  const key = JSON.stringify(value);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  at(id).replaceChildren(...build(value));
}

export function say(id, text, kind) {
  const node = at(id);
  if (node.textContent !== text) node.textContent = text;
  if (kind !== undefined && node.className !== kind) node.className = kind;
}

const known = (text) => text !== null && text !== undefined && text !== "" && Number.isFinite(Number(text));

export function number(text, digits) {
  if (!known(text)) return "–";
  const value = Number(text);
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const written = Math.abs(value).toLocaleString("en-US", options);
  const zero = !/[1-9]/.test(written);
  return value < 0 && !zero ? `−${written}` : written;
}

export const money = (text) => number(text, 2);

export function signed(text, digits = 2) {
  if (!known(text)) return "–";
  const written = number(text, digits);
  return Number(text) > 0 && /[1-9]/.test(written) ? `+${written}` : written;
}

export const digitsOf = (step) => (String(step).split(".")[1] || "").length;
export const price = (text, tick) => number(text, digitsOf(tick));
export const tone = (text) => (!known(text) || Number(text) === 0 ? "" : Number(text) > 0 ? "gain" : "loss");

export function age(us) {
  if (us === null || us === undefined) return "";
  const seconds = Math.max(0, Math.floor(us / 1e6));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) {
    const minutes = Math.floor((seconds % 3600) / 60);
    return `${Math.floor(seconds / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
  }
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export const utc = (us) => new Date(us / 1000).toISOString().slice(0, 19).replace("T", " ");
export const clock = (us) => utc(us).slice(11);
export const words = (text) => String(text).replaceAll("_", " ");

export const MODES = {
  NORMAL: "Trading", NO_OPEN: "No new opens", CLOSE_ONLY: "Close only", HALT: "Halted",
  SILENT: "Silent",
};
export const RANKS = Object.keys(MODES);

const CAUSES = {
  grid_hold: "The grid waits for the market",
  emergency: "Liquidation is near",
  stream_lost: "The private stream is down",
  unknown_position: "The position is not known yet",
  unknown_wallet: "The wallet is not known yet",
  unknown_liquidation: "The liquidation price is not known",
  unknown_book: "Our orders are not known yet",
  stale_book: "The list of our orders is old",
  stale_position: "The position report is old",
  stale_wallet: "The wallet report is old",
  stale_ticker: "The market stream is down",
  reconcile: "Comparing belief with the exchange",
  liquidated: "The account was liquidated",
  authentication: "The exchange refuses our key",
  balance: "The wallet does not carry more",
  loss_limit: "The loss limit of the day is reached",
  drawdown: "Equity fell too far below the day's peak",
  symbol_changed: "The symbol's rules changed",
  duplicate_fills: "Two fills at one level",
  orphans: "Orders of an unknown strategy of ours",
  foreign_orders: "Orders of somebody else",
  journal_unwritable: "The journal cannot be written",
  lease_unrenewed: "The lease could not be renewed",
  lease_lost: "Another process holds the lease",
  operator: "Asked for by the operator",
};
export const cause = (word) => CAUSES[word] || words(word);
export const scopeWords = (scope) => (scope === "" || scope === "account" ? "whole account" : scope.replace("/", " "));

export function table(heads, rows) {
  const made = element("table");
  const head = element("tr");
  for (const [text, kind] of heads) {
    const cell = element("th", kind, text);
    cell.scope = "col";
    head.append(cell);
  }
  const top = element("thead");
  top.append(head);
  const body = element("tbody");
  for (const cells of rows) {
    const line = element("tr");
    for (const [text, kind] of cells) line.append(element("td", kind, text));
    body.append(line);
  }
  made.append(top, body);
  return made;
}

export const nothing = (text) => element("p", "muted empty", text);
