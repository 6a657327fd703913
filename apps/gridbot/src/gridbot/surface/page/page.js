// Joins the feed and the parts of the page; what is chosen stays chosen while values change.
import { age, at, draw, element, number, price, say, utc } from "/texts.js";
import { drawDays, drawEquity } from "/charts.js";
import { drawLadder } from "/ladder.js";
import {
  lamp, showAlerts, showDayTable, showFigures, showFills, showOrders, showPositions, showStreams,
  showOrgans, showVerdict,
} from "/cards.js";
import { showControls, showKey, unlock } from "/controls.js";
import { follow } from "/feed.js";

const SPANS = [["20 min", 1200], ["4 h", 4 * 3600], ["24 h", 24 * 3600]];
const POINTS_KEPT = 4000;
const STALE_MS = 3500;

let state = null;
let lines = {};
let heardAt = 0;
let link = ["connecting", ""];
const chosen = { account: "", symbol: "", span: 1200 };

function tabs(id, rows, picked, choose) {
  draw(id, [rows, picked], () => rows.map(([value, text, kind]) => {
    const button = element("button", "tab", text);
    button.type = "button";
    button.setAttribute("aria-pressed", value === picked);
    if (kind) button.dataset.tone = kind;
    button.addEventListener("click", () => {
      choose(value);
      show();
    });
    return button;
  }));
}

const toNumbers = (points) => points.map(([time, value]) => [time, Number(value)]);

function takeLines(found) {
  lines = {};
  for (const [name, one] of Object.entries(found)) {
    const prices = Object.entries(one.prices).map(([symbol, points]) => [symbol, toNumbers(points)]);
    lines[name] = { prices: Object.fromEntries(prices), equity: toNumbers(one.equity) };
  }
}

function extend(points, time, value, step) {
  const last = points[points.length - 1];
  if (last && Math.floor(time / step) <= Math.floor(last[0] / step)) {
    if (time >= last[0]) last[1] = value;
  } else points.push([time, value]);
  if (points.length > POINTS_KEPT) points.splice(0, points.length - POINTS_KEPT);
}

function takeState(found) {
  state = found;
  heardAt = performance.now();
  for (const account of state.accounts) {
    const own = (lines[account.name] ??= { prices: {}, equity: [] });
    if (account.equity !== null) extend(own.equity, state.now_us / 1e6, Number(account.equity), 60);
    for (const one of account.strategies) {
      if (one.last === null) continue;
      extend((own.prices[one.symbol] ??= []), one.ticker_us / 1e6, Number(one.last), 1);
    }
  }
  show();
}

function show() {
  if (state === null) return;
  if (!state.accounts.length) {
    say("headline", "Starting");
    say("reason", "No account is ready to be shown yet");
    return;
  }
  const account = state.accounts.find((one) => one.name === chosen.account) || state.accounts[0];
  chosen.account = account.name;
  const strategy = account.strategies.find((one) => one.symbol === chosen.symbol) || account.strategies[0];
  chosen.symbol = strategy.symbol;
  const own = lines[account.name];
  say("clock", `${utc(state.now_us)} UTC`);
  say("environment", account.environment, account.environment === "mainnet" ? "badge live" : "badge");
  at("shadow").hidden = !state.shadow;
  say("version", `${state.version}, running for ${age(state.now_us - state.started_us)}`);
  document.title = `${account.health}: ${account.name} – gridbot`;
  tabs("accounts", state.accounts.map((one) => [one.name, one.name, lamp(one.health)]), account.name, (name) => { chosen.account = name; });
  tabs("strategies", account.strategies.map((one) => [one.symbol, `${one.symbol} ${one.strat_id}`, ""]), strategy.symbol, (symbol) => { chosen.symbol = symbol; });
  tabs("spans", SPANS.map(([text, seconds]) => [seconds, text, ""]), chosen.span, (seconds) => { chosen.span = seconds; });
  showOrgans(state);
  showVerdict(account);
  showControls(account, state.takes_commands);
  showFigures(account);
  showMarket(strategy);
  drawLadder(strategy, own.prices[strategy.symbol] || [], account.fills.filter((one) => one.symbol === strategy.symbol), chosen.span, state.now_us);
  showPositions(strategy, state.now_us);
  showStreams(account);
  showAlerts(account, at("every").checked, state.now_us);
  say("equity-span", drawEquity(own.equity));
  drawDays(account.days);
  showDayTable(account.days);
  showFills(account, account.strategies);
  showOrders(strategy, state.now_us);
}

function showMarket(strategy) {
  say("last", price(strategy.last, strategy.tick_size));
  const parts = [];
  if (strategy.mark !== null) parts.push(`mark ${price(strategy.mark, strategy.tick_size)}`);
  if (strategy.bid !== null) parts.push(`bid ${price(strategy.bid, strategy.tick_size)}`);
  if (strategy.ask !== null) parts.push(`ask ${price(strategy.ask, strategy.tick_size)}`);
  if (strategy.funding_rate !== null) parts.push(`funding ${number(100 * Number(strategy.funding_rate), 4)} %`);
  if (strategy.ticker_us !== null && state.now_us - strategy.ticker_us > 5e6) parts.push(`ticker ${age(state.now_us - strategy.ticker_us)} old`);
  say("quote", parts.join(" · "));
}

// Old values must never look like new ones: the page says so, and fades.
function showLink() {
  const [word, text] = link;
  const silent = performance.now() - heardAt;
  const stale = state !== null && silent > STALE_MS;
  const kind = word === "live" && !stale ? "live" : word === "live" ? "stale" : word;
  document.body.dataset.link = kind;
  say("link", kind, `badge ${{ live: "good", connecting: "" }[kind] ?? "bad"}`);
  const outage = at("outage");
  outage.hidden = kind === "live" || kind === "connecting";
  if (!outage.hidden) {
    const old = state === null ? "" : ` The values below are ${age(silent * 1000)} old.`;
    say("outage", `${text ? `Not connected: ${text}.` : "No update comes."}${old}`);
  }
}

at("key").addEventListener("click", unlock);
at("every").addEventListener("change", show);
new ResizeObserver(show).observe(at("ladder"));
setInterval(showLink, 500);
showKey();
follow((name, found) => (name === "lines" ? takeLines(found) : takeState(found)), (word, text) => {
  link = [word, text];
  showLink();
});
