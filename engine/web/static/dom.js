// What all pages share: building elements (text is never parsed as HTML), fetching, and how values are shown.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// The JSON of an answer. Prometheus wraps its data and its errors, Alertmanager does not; both give the data or
// throw an Error whose text is for a person.
export async function fetchJson(path, parameters) {
  const query = parameters ? '?' + new URLSearchParams(parameters) : '';
  let answer;
  try {
    answer = await fetch(path + query, {headers: {Accept: 'application/json'}});
  } catch {
    throw new Error('no answer from the server');
  }
  const text = await answer.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error(text.trim() || `HTTP ${answer.status}`);
  }
  if (body && body.status === 'error') throw new Error(`${body.errorType}: ${body.error}`);
  if (!answer.ok) throw new Error(typeof body === 'string' ? body : body.message || `HTTP ${answer.status}`);
  return body && body.status === 'success' && 'data' in body ? {data: body.data, warnings: body.warnings || []}
                                                             : {data: body, warnings: []};
}

export function labels(set, left_out = []) {
  return Object.entries(set)
      .filter(([name]) => !left_out.includes(name))
      .sort(([a], [b]) => (a === 'alertname' ? -1 : b === 'alertname' ? 1 : a < b ? -1 : 1))
      .map(([name, value]) => element('span', {class: 'label'}, `${name}="${value}"`));
}

export function state(name) {
  return element('span', {class: `state ${name}`}, name);
}

// A series as PromQL writes it: name{a="b"}.
export function seriesName(metric) {
  const rest = Object.entries(metric).filter(([name]) => name !== '__name__');
  const inner = rest.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return (metric.__name__ || '') + (inner || !metric.__name__ ? `{${inner}}` : '');
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const parts = [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]];
  let left = Math.floor(seconds), text = [];
  for (const [unit, size] of parts) {
    const count = Math.floor(left / size);
    if (count > 0) text.push(`${count}${unit}`);
    left -= count * size;
  }
  return text.slice(0, 2).join(' ') || '0s';
}

// "12 s ago", with the moment itself in UTC as the title. Go's zero time means never.
export function ago(time) {
  const moment = new Date(time);
  if (!time || time.startsWith('0001-')) return element('span', {class: 'quiet'}, 'never');
  const seconds = (Date.now() - moment) / 1000;
  const text = seconds >= 0 ? `${duration(seconds)} ago` : `in ${duration(-seconds)}`;
  return element('time', {datetime: time, title: moment.toISOString()}, text);
}

export function table(caption, heads, rows) {
  return element('div', {class: 'tablebox'},
                 element('table', {},
                         caption ? element('caption', {}, caption) : null,
                         element('thead', {}, element('tr', {}, heads.map((head) => element('th', {scope: 'col'}, head)))),
                         element('tbody', {}, rows)));
}

export function row(...cells) {
  return element('tr', {}, cells.map((cell) => element('td', {}, cell)));
}

export function problem(text) {
  return element('p', {class: 'problem', role: 'alert'}, text);
}

export function announce(text) {
  document.getElementById('live').textContent = text;
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

// A link that opens an expression on the graph page, as messages carry it.
export function graphLink(expression) {
  return `graph?g0.expr=${encodeURIComponent(expression)}&g0.tab=1`;
}

// Only these may become links: a generator URL comes from whoever posted the alert.
export function safeLink(url) {
  return /^https?:\/\//i.test(url) ? url : null;
}
