// Finds the page that the address names and shows it: the path (/rules, /graph?g0.expr=...), or, at the root,
// Alertmanager's form behind the hash (/#/alerts?receiver=...), because that is what messages link to.
import {notifiedAlerts, ruleAlerts} from './alerts.js';
import {announce, element, fetchJson, problem} from './dom.js';
import {graph} from './graph.js';
import {rules, status, targets} from './state.js';

const pages = {
  notified: {title: 'Notified alerts', show: notifiedAlerts},
  alerts: {title: 'Alerts of rules', show: ruleAlerts},
  rules: {title: 'Rules', show: rules},
  targets: {title: 'Targets', show: targets},
  graph: {title: 'Graph', show: graph},
  status: {title: 'Status', show: status},
};

function current() {
  const last = location.pathname.split('/').pop();
  if (last === 'query') return ['graph', new URLSearchParams(location.search)];
  if (pages[last]) return [last, new URLSearchParams(location.search)];
  const hash = location.hash.slice(1);
  const [path, query] = [hash.split('?')[0], hash.slice(hash.indexOf('?') + 1)];
  if (path === '/status') return ['status', new URLSearchParams()];
  return ['notified', new URLSearchParams(hash.includes('?') ? query : '')];
}

let shown = 0;

async function show() {
  const [name, parameters] = current();
  const page = pages[name];
  const turn = ++shown;
  document.title = `${page.title} · tocsin`;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.page === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const main = document.getElementById('content');
  let content;
  try {
    content = await page.show(parameters);
  } catch (error) {
    content = [problem(error.message)];
  }
  if (turn !== shown) return;  // the reader has gone on to another page meanwhile
  main.replaceChildren(element('h1', {}, page.title), ...content);
  announce(`${page.title} loaded`);
}

// What everybody should know at once: notifications that go to a sink, or a configuration that was refused.
async function banner() {
  const place = document.getElementById('banner');
  try {
    const {data} = await fetchJson('health/ready');
    const odd = Object.entries(data.checks || {}).filter(([, value]) => value !== 'ok');
    place.textContent = odd.map(([part, value]) => `${part}: ${value}`).join(' · ');
    place.hidden = odd.length === 0;
  } catch (error) {
    place.textContent = error.message;
    place.hidden = false;
  }
}

window.addEventListener('hashchange', show);
show();
banner();
