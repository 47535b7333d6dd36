// An expression as a table or as a graph, with the state in the address as upstream writes it: g0.expr, g0.tab
// (1 table, 0 graph), g0.range_input, g0.end_input. Panels beyond the first are shown below it.
import {element, fetchJson, problem, seriesName, table} from './dom.js';

const kColours = ['#0b57d0', '#b3261e', '#1a6b2f', '#8a5300', '#6a3ea1', '#00687a', '#a8326d', '#5c6f00'];
const kMaxSeries = 50;
const kPoints = 250;
const kUnits = {ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800, y: 31536000};

export function parseRange(text) {
  let seconds = 0;
  const matched = (text || '').replace(/(\d+)(ms|[smhdwy])/g, (_, number, unit) => ((seconds += number * kUnits[unit]), ''));
  return matched === '' && seconds > 0 ? seconds : 3600;
}

function tableOf(result) {
  if (result.resultType === 'scalar' || result.resultType === 'string') {
    return element('p', {}, element('code', {}, String(result.result[1])));
  }
  if (result.result.length === 0) return element('p', {class: 'quiet'}, 'Empty result.');
  const rows = result.result.map((series) => element(
      'tr', {}, element('td', {}, element('code', {}, seriesName(series.metric))),
      element('td', {class: 'number'}, series.value ? series.value[1]
              : series.histogram ? element('pre', {}, JSON.stringify(series.histogram[1]))
              : series.values ? element('pre', {}, series.values.map(([time, value]) => `${value} @${time}`).join('\n')) : '')));
  return element('div', {class: 'tablebox'},
                 element('table', {}, element('caption', {}, `${result.result.length} series`),
                         element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, 'Series'), element('th', {scope: 'col', class: 'number'}, 'Value'))),
                         element('tbody', {}, rows)));
}

function drawing(tag, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Round steps of 1, 2 or 5 times a power of ten.
function ticks(low, high, wanted) {
  const raw = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return found;
}

export function short(value) {
  const size = Math.abs(value);
  for (const [letter, factor] of [['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]]) {
    if (size >= factor) return `${+(value / factor).toPrecision(4)}${letter}`;
  }
  return String(+value.toPrecision(4));
}

function chartOf(result, start, end, step) {
  const series = result.result.slice(0, kMaxSeries);
  const values = series.flatMap((entry) => (entry.values || []).map(([, value]) => Number(value)).filter(Number.isFinite));
  if (values.length === 0) return [element('p', {class: 'quiet'}, 'Empty result.')];
  let low = Math.min(...values), high = Math.max(...values);
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const [width, height, left, bottom] = [960, 320, 60, 24];
  const x = (time) => left + ((time - start) / (end - start)) * (width - left - 8);
  const y = (value) => 8 + (1 - (value - low) / (high - low)) * (height - bottom - 16);
  const chart = drawing('svg', {class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${series.length} series from ${short(low)} to ${short(high)}; the table tab has the values`});
  for (const value of ticks(low, high, 5)) {
    chart.append(drawing('line', {class: 'grid', x1: left, x2: width - 8, y1: y(value), y2: y(value)}),
                 drawing('text', {x: left - 6, y: y(value) + 4, 'text-anchor': 'end'}, short(value)));
  }
  for (let i = 0; i <= 4; ++i) {
    const time = start + ((end - start) * i) / 4;
    const moment = new Date(time * 1000).toISOString();
    chart.append(drawing('text', {x: x(time), y: height - 6, 'text-anchor': i === 0 ? 'start' : i === 4 ? 'end' : 'middle'},
                         end - start > 172800 ? moment.slice(5, 16).replace('T', ' ') : moment.slice(11, 19)));
  }
  series.forEach((entry, index) => {
    let path = '', last = null;
    for (const [time, text] of entry.values || []) {
      const value = Number(text);
      if (!Number.isFinite(value)) continue;
      path += `${last !== null && time - last <= step * 1.5 ? 'L' : 'M'}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
      last = time;
    }
    // A point of its own would have no length and be unseen.
    chart.append(drawing('path', {d: path, stroke: kColours[index % kColours.length], 'stroke-linecap': 'round'},
                         drawing('title', {}, seriesName(entry.metric))));
  });
  const legend = series.map((entry, index) => {
    const swatch = element('span', {class: 'swatch'});
    swatch.style.background = kColours[index % kColours.length];
    return element('tr', {}, element('td', {}, swatch, element('code', {}, seriesName(entry.metric))),
                   element('td', {class: 'number'}, entry.values?.at(-1)?.[1] ?? ''));
  });
  const left_out = result.result.length - series.length;
  return [chart, table(left_out > 0 ? `the first ${kMaxSeries} of ${result.result.length} series` : 'UTC', ['Series', 'Last'], legend)];
}

async function panel(parameters, number) {
  const key = (name) => `g${number}.${name}`;
  const expression = parameters.get(key('expr')) || '';
  const graphs = parameters.get(key('tab')) === '0' || parameters.get(key('tab')) === 'graph';
  const rangeText = parameters.get(key('range_input')) || '1h';
  const endText = parameters.get(key('end_input')) || '';
  const change = (changes) => {
    const next = new URLSearchParams(parameters);
    for (const [name, value] of Object.entries(changes)) value ? next.set(key(name), value) : next.delete(key(name));
    location.search = next;
  };
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    change({expr: form.get('expr'), range_input: form.get('range'), end_input: form.get('end'), tab: graphs ? '0' : '1'});
  };
  const area = element('textarea', {name: 'expr', rows: Math.min(8, expression.split('\n').length + 1), spellcheck: 'false',
                                    onkeydown: (event) => {
                                      if (event.key === 'Enter' && !event.shiftKey) {
                                        event.preventDefault();
                                        event.target.form.requestSubmit();
                                      }
                                    }}, expression);
  const parts = [
    element('form', {onsubmit: submit, 'aria-label': 'Expression'}, element('label', {class: 'wide'}, 'Expression', area),
            element('label', {}, 'Range', element('input', {name: 'range', size: 6, value: rangeText})),
            element('label', {}, 'Until (UTC, empty: now)', element('input', {name: 'end', size: 20, value: endText, placeholder: '2026-01-31 12:00:00'})),
            element('button', {class: 'main'}, 'Run')),
    element('div', {class: 'tabs', role: 'tablist', 'aria-label': 'View'},
            element('button', {role: 'tab', 'aria-selected': String(!graphs), onclick: () => change({tab: '1'})}, 'Table'),
            element('button', {role: 'tab', 'aria-selected': String(graphs), onclick: () => change({tab: '0'})}, 'Graph')),
  ];
  if (expression.trim() === '') return parts;
  const parsedEnd = Date.parse(endText.trim().replace(' ', 'T').replace(/Z?$/, 'Z')) / 1000;
  const end = Number.isFinite(parsedEnd) ? parsedEnd : Date.now() / 1000;
  const range = parseRange(rangeText);
  const step = Math.max(range / kPoints, 0.001);
  try {
    const {data, warnings} = graphs
        ? await fetchJson('api/v1/query_range', {query: expression, start: end - range, end, step})
        : await fetchJson('api/v1/query', Number.isFinite(parsedEnd) ? {query: expression, time: end} : {query: expression});
    parts.push(...warnings.map((text) => element('p', {class: 'banner'}, text)));
    parts.push(...(graphs ? chartOf(data, end - range, end, step) : [tableOf(data)]));
  } catch (error) {
    parts.push(problem(error.message));
  }
  return parts;
}

export async function graph(parameters) {
  const numbers = [...new Set([...parameters.keys()].map((key) => /^g(\d+)\./.exec(key)?.[1]).filter(Boolean))].map(Number).sort((a, b) => a - b);
  const panels = await Promise.all((numbers.length ? numbers : [0]).map((number) => panel(parameters, number)));
  return panels.flatMap((parts, index) => (index ? [element('hr'), ...parts] : parts));
}
