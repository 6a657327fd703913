// The ladder: the price over time on the left runs into the levels with their orders on the right.
import { MODES, at, element, number, price as priceText, words } from "/texts.js";
import { canvas, path, svg, timeText } from "/charts.js";

const SIDES = { Buy: "buy", Sell: "sell" };
const SPAN_MIN = 60;
const LONG = 0;
const SHORT = 1;

// What of the price scale is shown: the grid and the last price, half a step around them.
function domain(strategy) {
  const prices = strategy.levels.map(([level]) => Number(level));
  for (const order of strategy.orders) prices.push(Number(order.price));
  if (strategy.last !== null) prices.push(Number(strategy.last));
  if (!prices.length) return null;
  const [low, high] = [Math.min(...prices), Math.max(...prices)];
  const around = Math.max((high - low) / Math.max(strategy.levels.length, 2), high * 2e-4);
  return { low: low - around, high: high + around };
}

function plan(strategy, width, height) {
  const shown = domain(strategy);
  const narrow = width < 560;
  const column = narrow ? 62 : Math.min(110, width * 0.11);
  const label = narrow ? 66 : 84;
  const right = width - 2;
  const area = { top: 26, bottom: height - 20, left: 2, right: right - 2 * column - label - 12 };
  const columns = [right - 2 * column - 6, right - column];
  const y = (value) => area.bottom - ((area.bottom - area.top) * (Number(value) - shown.low)) / (shown.high - shown.low);
  const row = strategy.levels.length > 1 ? Math.abs(y(strategy.levels[1][0]) - y(strategy.levels[0][0])) : 20;
  return { shown, narrow, column, label, area, columns, y, row };
}

function drawLevels(root, strategy, p) {
  const every = Math.max(1, Math.ceil(13 / p.row));
  const last = Number(strategy.last);
  strategy.levels.forEach(([level, side], index) => {
    const at_y = p.y(level);
    const kind = side === "Wait" || side === "WAIT" ? "level wait" : "level";
    root.append(svg("line", { class: kind, x1: p.area.left, x2: p.columns[1] + p.column, y1: at_y, y2: at_y }));
    const close = strategy.last !== null && Math.abs(p.y(last) - at_y) < 13;
    if (index % every === 0 && !close) {
      root.append(svg("text", { class: "axis end", x: p.area.right + p.label, y: at_y + 4 }, priceText(level, strategy.tick_size)));
    }
  });
}

function drawOrders(root, strategy, p) {
  const height = Math.max(Math.min(p.row - 2, 16), 3);
  for (const order of strategy.orders) {
    const index = order.direction === "long" ? LONG : SHORT;
    const at_y = p.y(order.price);
    const sure = order.state === "open" || order.state === "partial";
    const kind = ["order", SIDES[order.side], order.opens ? "open" : "close", sure ? "" : "unsure"].join(" ");
    const bar = svg("rect", { class: kind, x: p.columns[index], y: at_y - height / 2, width: p.column, height, rx: 3 });
    bar.append(svg("title", {}, `${order.direction} ${order.side} ${order.leaves} at ${order.price}, ${words(order.state)}`));
    root.append(bar);
    if (Number(order.filled) > 0) {
      const share = Number(order.filled) / Number(order.qty);
      root.append(svg("rect", { class: `part ${SIDES[order.side]}`, x: p.columns[index], y: at_y - height / 2, width: p.column * share, height, rx: 3 }));
    }
    if (height >= 11) {
      const text = p.narrow ? order.leaves : `${order.side} ${order.leaves}`;
      root.append(svg("text", { class: `${kind} tag`, x: p.columns[index] + p.column / 2, y: at_y + 4 }, text));
    }
  }
}

function drawPrices(root, strategy, points, fills, wanted, p, now) {
  // A short history fills the width, too.
  const span = Math.min(wanted, Math.max(points.length ? now - points[0][0] : 0, SPAN_MIN));
  const begin = now - span;
  const width = p.area.right - p.area.left;
  const x = (time) => p.area.left + (width * (time - begin)) / span;
  const clip = svg("clipPath", { id: "inside" });
  clip.append(svg("rect", { x: p.area.left, y: p.area.top, width, height: p.area.bottom - p.area.top }));
  root.append(clip);
  const inside = svg("g", { "clip-path": "url(#inside)" });
  root.append(inside);
  const first = Math.max(points.findIndex(([time]) => time >= begin) - 1, 0);
  const drawn = points.slice(first).map(([time, value]) => [x(time), p.y(value)]);
  if (drawn.length > 1) inside.append(svg("path", { class: "line", d: path(drawn) }));
  for (const fill of fills) {
    const time = fill.at_us / 1e6;
    if (time < begin) continue;
    const mark = svg("text", { class: `fill ${SIDES[fill.side]}`, x: x(time), y: p.y(fill.price) + (fill.side === "Buy" ? 9 : -1) }, fill.side === "Buy" ? "▲" : "▼");
    mark.append(svg("title", {}, `${fill.direction} ${fill.side} ${fill.qty} at ${fill.price}`));
    inside.append(mark);
  }
  root.append(
    svg("text", { class: "axis", x: p.area.left, y: p.area.bottom + 15 }, timeText(begin, span)),
    svg("text", { class: "axis end", x: p.area.right, y: p.area.bottom + 15 }, timeText(now, span)),
  );
}

function drawLast(root, strategy, p) {
  if (strategy.last === null) return;
  const at_y = p.y(strategy.last);
  const left = p.area.right + 8;
  root.append(
    svg("line", { class: "last", x1: p.area.left, x2: p.columns[1] + p.column, y1: at_y, y2: at_y }),
    svg("rect", { class: "pill", x: left, y: at_y - 10, width: p.label - 6, height: 20, rx: 4 }),
    svg("text", { class: "pill-text", x: left + (p.label - 6) / 2, y: at_y + 4 }, priceText(strategy.last, strategy.tick_size)),
  );
}

function drawMarks(root, strategy, p) {
  const edges = { top: [], bottom: [] };
  for (const leg of strategy.positions) {
    if (leg.entry !== null) {
      const name = `${leg.direction} entry`;
      if (Number(leg.entry) > p.shown.low && Number(leg.entry) < p.shown.high) {
        const at_y = p.y(leg.entry);
        root.append(
          svg("line", { class: `entry ${leg.direction}`, x1: p.area.left, x2: p.area.right, y1: at_y, y2: at_y }),
          svg("text", { class: `mark-text ${leg.direction}`, x: p.area.left + 4, y: at_y + (leg.direction === "long" ? 12 : -4) }, name),
        );
      } else edge(edges, leg.entry, p, `${name} ${priceText(leg.entry, strategy.tick_size)}`, "quiet");
    }
    if (leg.distance_pct !== null) {
      const text = `${leg.direction} liquidation ${priceText(leg.liquidation, strategy.tick_size)} (${number(leg.distance_pct, 1)} %)`;
      if (Number(leg.liquidation) > p.shown.low && Number(leg.liquidation) < p.shown.high) {
        const at_y = p.y(leg.liquidation);
        root.append(
          svg("line", { class: "liquidation", x1: p.area.left, x2: p.columns[1] + p.column, y1: at_y, y2: at_y }),
          svg("text", { class: "mark-text liquidation", x: p.area.left + 4, y: at_y - 4 }, text),
        );
      } else edge(edges, leg.liquidation, p, text, "liquidation");
    }
  }
  edges.top.forEach(([text, kind], index) => root.append(svg("text", { class: `mark-text ${kind}`, x: p.area.left + 4, y: p.area.top + 10 + 15 * index }, `↑ ${text}`)));
  edges.bottom.forEach(([text, kind], index) => root.append(svg("text", { class: `mark-text ${kind}`, x: p.area.left + 4, y: p.area.bottom - 6 - 15 * index }, `↓ ${text}`)));
}

function edge(edges, value, p, text, kind) {
  edges[Number(value) >= p.shown.high ? "top" : "bottom"].push([text, kind]);
}

function drawHeads(root, strategy, p) {
  for (const [index, direction] of ["long", "short"].entries()) {
    const mode = strategy.modes[direction];
    const name = mode === "NORMAL" ? direction : `${direction} · ${MODES[mode].toLowerCase()}`;
    const kind = mode === "NORMAL" ? "column-head" : "column-head held";
    root.append(svg("text", { class: kind, x: p.columns[index] + p.column / 2, y: 16 }, p.narrow ? direction : name));
  }
}

export function drawLadder(strategy, points, fills, span, now_us) {
  const least = at("ladder").clientWidth > 700 ? 560 : 380;
  const height = Math.min(Math.max(strategy.levels.length * 15 + 60, least), 780);
  const { width, root } = canvas("ladder", height);
  if (domain(strategy) === null) {
    at("ladder").replaceChildren(element("p", "muted empty", "The grid is built with the first prices."));
    return;
  }
  const p = plan(strategy, width, height);
  drawHeads(root, strategy, p);
  drawLevels(root, strategy, p);
  drawOrders(root, strategy, p);
  drawPrices(root, strategy, points, fills, span, p, now_us / 1e6);
  drawMarks(root, strategy, p);
  drawLast(root, strategy, p);
  at("ladder").setAttribute("aria-label", `Ladder of ${strategy.symbol}: ${strategy.orders.length} orders on ${strategy.levels.length} levels, last price ${strategy.last ?? "unknown"}`);
  at("ladder").replaceChildren(root);
}
