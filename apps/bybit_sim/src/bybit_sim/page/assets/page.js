// Draws what /sim/events sends. Texts reach the page through textContent only, never as HTML.
"use strict";

const POINTS_KEPT = 600;
const REQUESTS_KEPT = 60;
const ACTS_KEPT = 60;

const prices = new Map();
let requests = [];
let acted = [];
let picture = null;
let chosen = null;
const shown = new Map();

const at = (id) => document.getElementById(id);

function element(tag, kind, text) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = String(text);
  return made;
}

// Rebuilds a part of the page only when its values changed: selections and focus survive.
function draw(id, value, build) {
  const key = JSON.stringify(value);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  at(id).replaceChildren(...build(value));
}

function say(id, text, kind) {
  const node = at(id);
  if (node.textContent !== text) node.textContent = text;
  if (kind !== undefined && node.className !== kind) node.className = kind;
}

function money(text) {
  const value = Number(text);
  if (text === "" || text === null || !Number.isFinite(value)) return "-";
  return value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

// An average has as many digits as the division gave; the prices beside it have the tick's.
function rounded(text, like) {
  const value = Number(text);
  if (text === "" || text === null || !Number.isFinite(value)) return "-";
  return value.toFixed((String(like).split(".")[1] || "").length);
}

function percent(text, digits) {
  const value = Number(text);
  if (text === "" || text === null || !Number.isFinite(value)) return "-";
  return `${value > 0 ? "+" : ""}${(100 * value).toFixed(digits)} %`;
}

const orDash = (text) => (text === "" || text === null || text === undefined ? "-" : text);
const sideKind = (side) => (side === "Buy" ? "buy" : side === "Sell" ? "sell" : "muted");
const signKind = (text) => (Number(text) > 0 ? "buy" : Number(text) < 0 ? "sell" : "");
const HANDS = { 0: "one-way", 1: "long", 2: "short" };

function utc(microseconds) {
  if (!microseconds) return "-";
  return new Date(microseconds / 1000).toISOString().slice(0, 23).replace("T", " ");
}

function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  if (minutes < 60) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24 * 365) return `${hours} h ${minutes % 60} min`;
  return "no end";
}

function row(cells, kind) {
  const made = element("tr", kind);
  for (const cell of cells) {
    if (cell instanceof Node) made.append(cell);
    else made.append(element("td", cell[1], cell[0]));
  }
  return made;
}

function nothing(columns, text) {
  const cell = element("td", "muted", text);
  cell.colSpan = columns;
  return row([cell]);
}

function table(heads, rows) {
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
  body.append(...rows);
  made.append(top, body);
  return made;
}

function fact(label, text, kind, full) {
  const made = element("div");
  const value = element("dd", kind, text);
  if (full !== undefined) value.title = full;
  made.append(element("dt", "", label), value);
  return made;
}

function remember(symbol, time, price) {
  const value = Number(price);
  if (!Number.isFinite(value) || value <= 0) return;
  if (!prices.has(symbol)) prices.set(symbol, []);
  const points = prices.get(symbol);
  const last = points[points.length - 1];
  if (last !== undefined && last[0] > time) points.length = 0; // market time began anew
  if (last !== undefined && last[0] === time) last[1] = value;
  else points.push([time, value]);
  if (points.length > POINTS_KEPT) points.splice(0, points.length - POINTS_KEPT);
}

function drawSpark(symbol) {
  const points = prices.get(symbol) || [];
  const known = points.length >= 2;
  at("spark").style.visibility = known ? "visible" : "hidden";
  if (!known) {
    for (const id of ["low", "span", "high"]) say(id, "");
    return;
  }
  const values = points.map((point) => point[1]);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const [first, last] = [points[0][0], points[points.length - 1][0]];
  const x = (time) => (last > first ? (600 * (time - first)) / (last - first) : 0);
  const y = (value) => (high > low ? 114 - (108 * (value - low)) / (high - low) : 60);
  const path = points
    .map(([time, value], index) => `${index ? "L" : "M"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
  at("line").setAttribute("d", path);
  at("area").setAttribute("d", `${path}L600 120L0 120Z`);
  say("low", `low ${low}`);
  say("span", duration(last - first));
  say("high", `high ${high}`);
}

function level(price, size, most, bid) {
  const width = most > 0 ? Math.round((100 * Number(size)) / most) : 0;
  const soft = bid ? "var(--buy-soft)" : "var(--sell-soft)";
  const sizes = element("td", bid ? "level" : "level n", size);
  const towards = bid ? "left" : "right";
  sizes.style.backgroundImage =
    `linear-gradient(to ${towards}, ${soft} ${width}%, transparent ${width}%)`;
  const texts = element("td", bid ? "n buy" : "sell", price);
  return row(bid ? [sizes, texts] : [texts, sizes]);
}

function drawBook(market) {
  const sizes = [...market.bids, ...market.asks].map((one) => Number(one[1]));
  const most = Math.max(0, ...sizes);
  const side = (levels, bid) => levels.length
    ? levels.map(([price, size]) => level(price, size, most, bid))
    : [nothing(2, "no quotes")];
  draw("bids", [market.bids, most], () => side(market.bids, true));
  draw("asks", [market.asks, most], () => side(market.asks, false));
}

function drawMarket() {
  const markets = picture.markets;
  if (!markets.some((one) => one.symbol === chosen)) {
    chosen = markets.length ? markets[0].symbol : null;
  }
  draw("tabs", [markets.map((one) => one.symbol), chosen], () => markets.map((one) => {
    const button = element("button", "", one.symbol);
    button.type = "button";
    button.setAttribute("aria-pressed", String(one.symbol === chosen));
    button.addEventListener("click", () => {
      chosen = one.symbol;
      drawMarket();
    });
    return button;
  }));
  const market = markets.find((one) => one.symbol === chosen);
  if (market === undefined) return;
  say("last", orDash(market.lastPrice));
  const change = percent(market.price24hPcnt, 2);
  say("change", change === "-" ? "" : `${change} in 24 h`, signKind(market.price24hPcnt) || "muted");
  drawSpark(chosen);
  const next = Number(market.nextFundingTime) - picture.now_us / 1000;
  const facts = [
    ["Mark", orDash(market.markPrice)],
    ["Index", orDash(market.indexPrice)],
    ["Funding", percent(market.fundingRate, 4)],
    ["Next funding in", next > 0 && market.nextFundingTime ? duration(next) : "-"],
    ["24 h high", orDash(market.highPrice24h)],
    ["24 h low", orDash(market.lowPrice24h)],
    ["24 h volume", orDash(market.volume24h)],
  ];
  draw("ticker", facts, () => facts.map(([label, text]) => fact(label, text)));
  drawBook(market);
}

function boxed(label, kind, content) {
  const box = element("div", kind);
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  box.append(content);
  return box;
}

function positionRows(account) {
  const open = account.positions.filter((one) => Number(one.size) > 0);
  if (!open.length) return [element("p", "empty", "No open positions.")];
  const heads = [
    ["Symbol"], ["Position"], ["Entry", "n"], ["Mark", "n wide"], ["Liquidation", "n"],
    ["Unrealised", "n"], ["Realised", "n wide"],
  ];
  const rows = open.map((one) => row([
    [one.symbol],
    [`${HANDS[one.positionIdx] ?? one.positionIdx} ${one.size}`, `whole ${sideKind(one.side)}`],
    [rounded(one.avgPrice, one.markPrice), "n"],
    [one.markPrice, "n wide"],
    [orDash(one.liqPrice), "n"],
    [money(one.unrealisedPnl), `n ${signKind(one.unrealisedPnl)}`],
    [money(one.cumRealisedPnl), `n wide ${signKind(one.cumRealisedPnl)}`],
  ]));
  return [boxed(`Positions of ${account.name}`, "rows", table(heads, rows))];
}

function orderText(one) {
  const text = `${one.side} ${HANDS[one.positionIdx] ?? ""}`;
  return one.reduceOnly ? `${text}, reduces` : text;
}

function orderRows(account) {
  if (!account.orders.length) return [element("p", "empty", "No open orders.")];
  const heads = [
    ["Symbol"], ["Order"], ["Price", "n"], ["Quantity", "n"], ["Filled", "n"],
    ["Status", "wide"], ["Link id", "wide"],
  ];
  const rows = account.orders.map((one) => row([
    [one.symbol],
    [orderText(one), sideKind(one.side)],
    [one.price, "n"],
    [one.qty, "n"],
    [one.cumExecQty, "n"],
    [one.orderStatus, "wide"],
    [orDash(one.orderLinkId), "wide call"],
  ]));
  if (account.order_count > account.orders.length) {
    rows.push(nothing(7, `and ${account.order_count - account.orders.length} older orders`));
  }
  return [boxed(`Open orders of ${account.name}`, "rows", table(heads, rows))];
}

function accountPart(account) {
  const made = element("article", "account");
  const head = element("div", "account-head");
  head.append(
    element("strong", "", account.name),
    element("span", "muted", `uid ${account.uid}`),
    element("span", "muted", account.hedge_mode ? "hedge mode" : "one-way mode"),
  );
  const wallet = account.wallet;
  const facts = element("dl", "facts");
  facts.append(
    fact("Equity", money(wallet.totalEquity), "", wallet.totalEquity),
    fact("Wallet", money(wallet.totalWalletBalance), "", wallet.totalWalletBalance),
    fact("Available", money(wallet.totalAvailableBalance), "", wallet.totalAvailableBalance),
    fact("Unrealised", money(wallet.totalPerpUPL), signKind(wallet.totalPerpUPL), wallet.totalPerpUPL),
    fact("Initial margin", money(wallet.totalInitialMargin), "", wallet.totalInitialMargin),
    fact("Maintenance", money(wallet.totalMaintenanceMargin), "", wallet.totalMaintenanceMargin),
  );
  made.append(head, facts, element("h3", "", "Positions"), ...positionRows(account));
  made.append(element("h3", "", `Open orders (${account.order_count})`), ...orderRows(account));
  return made;
}

function answer(one) {
  const parts = [];
  if (one.status === null && one.code === null) parts.push("no reply");
  else if (one.status !== null && one.status !== 200) parts.push(`HTTP ${one.status}`);
  if (one.code !== null) parts.push(one.code === 0 ? "OK" : `retCode ${one.code}`);
  if (one.fault) parts.push(one.fault);
  const kind = one.code === 0 || (one.status === 200 && one.code === null) ? "buy" : "sell";
  return [parts.join(", ") || "OK", one.fault ? "warn" : kind];
}

function drawRequests() {
  draw("requests", requests, () => requests.length
    ? requests.map((one) => {
      const call = element("td", "call");
      call.append(element("span", "name", `${one.method} ${one.path}`));
      if (one.query) call.append(" ", element("span", "muted wide", one.query));
      return row([
        [duration(one.at_ms), "n muted"],
        call,
        [orDash(one.uid), "n wide"],
        answer(one),
        [`${(one.took_us / 1000).toFixed(1)} ms`, "n muted wide"],
      ]);
    })
    : [nothing(5, "No request yet.")]);
}

function faultText(one) {
  const words = [one.kind, `on ${one.target ?? "*"}`];
  if (one.uid !== undefined) words.push(`of account ${one.uid}`);
  if (one.amount !== undefined) words.push(`amount ${one.amount}`);
  if (one.chance !== undefined) words.push(`${one.chance} of 1000`);
  if (one.count !== undefined) words.push(`at most ${one.count}`);
  if (one.detail !== undefined) words.push(one.detail);
  return words.join(", ");
}

function windowText(one) {
  const length = duration(one.until_ms - one.from_ms);
  return `${duration(one.from_ms ?? 0)}, for ${length}`;
}

async function send(method, path, body) {
  try {
    const reply = await fetch(path, {
      method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
    });
    if (!reply.ok) say("link", (await reply.json()).error.message, "badge bad");
  } catch (_error) {
    say("link", "not reachable", "badge bad");
  }
}

function drawFaults() {
  draw("faults", picture.faults, (faults) => faults.length
    ? faults.map((one) => {
      const last = element("td", "n");
      const button = element("button", "take-off", "Take off");
      button.type = "button";
      button.setAttribute("aria-label", `Take fault ${one.number} off`);
      button.addEventListener("click", () => send("DELETE", `/sim/fault/${one.number}`));
      last.append(button);
      return row([
        [one.number, "n"], [faultText(one), one.in_force ? "what warn" : "what"],
        [windowText(one), "window"], [one.acted, "n"], last,
      ], one.in_force ? "" : "idle");
    })
    : [nothing(5, "None on the board. POST /sim/fault puts one there.")]);
  draw("acted", acted, () => acted.length
    ? acted.map((one) => row([
      [duration(one.at_ms), "n muted"], [one.number, "n"], [one.kind, "what"],
      [one.subject, "call"], [orDash(one.uid), "n"],
    ]))
    : [nothing(5, "Nothing yet.")]);
}

function drawBar() {
  const { player, sockets } = picture;
  say("clock", utc(picture.now_us));
  say("elapsed", duration(picture.elapsed_ms));
  const open = Object.entries(sockets).map(([kind, count]) => `${count} ${kind}`);
  say("sockets", open.join(", ") || "none");
  const state = player.ended ? "tape is over" : player.paused ? "paused" : player.speed;
  say("pace", state, player.ended || player.paused ? "badge warn" : "badge");
  say("pause", player.paused ? "Resume" : "Pause");
  at("pause").disabled = player.ended;
  at("step").disabled = player.ended || !player.paused;
}

function take(news) {
  picture = news;
  for (const market of picture.markets) {
    remember(market.symbol, picture.now_us / 1000, market.lastPrice);
  }
  requests = [...picture.requests.reverse(), ...requests].slice(0, REQUESTS_KEPT);
  acted = [...picture.acted.reverse(), ...acted].slice(0, ACTS_KEPT);
  drawBar();
  drawMarket();
  draw("accounts", picture.accounts, (accounts) => accounts.length
    ? accounts.map(accountPart) : [element("p", "empty", "No accounts.")]);
  drawRequests();
  drawFaults();
}

at("pause").addEventListener("click", () => {
  if (picture) send("POST", picture.player.paused ? "/sim/resume" : "/sim/pause");
});
at("step").addEventListener("click", () => send("POST", "/sim/step", { count: 1 }));

const events = new EventSource("/sim/events");
events.addEventListener("open", () => say("link", "live", "badge good"));
events.addEventListener("error", () => say("link", "reconnecting", "badge bad"));
events.addEventListener("history", (event) => {
  // A new stream tells everything that is kept from the start.
  prices.clear();
  requests = [];
  acted = [];
  for (const [symbol, points] of Object.entries(JSON.parse(event.data))) {
    for (const [time, price] of points) remember(symbol, Number(time), price);
  }
});
events.addEventListener("picture", (event) => take(JSON.parse(event.data)));
