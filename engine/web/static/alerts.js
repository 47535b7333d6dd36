// Two views of alerts: what the dispatcher holds and groups (Alertmanager's page), and what rules say
// (Prometheus' page).
import {ago, count, element, fetchJson, graphLink, labels, problem, row, safeLink, state, table} from './dom.js';

const kFlags = ['active', 'silenced', 'inhibited', 'muted'];

function filterForm(parameters, receivers) {
  const go = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const next = new URLSearchParams();
    if (form.get('receiver')) next.set('receiver', form.get('receiver'));
    if (form.get('filter')) next.set('filter', form.get('filter'));
    for (const flag of kFlags) if (!form.has(flag)) next.set(flag, 'false');
    location.hash = '#/alerts' + (next.size ? `?${next}` : '');
  };
  return element('form', {onsubmit: go, 'aria-label': 'Filter'},
                 element('label', {}, 'Receiver',
                         element('select', {name: 'receiver'}, element('option', {value: ''}, 'all'),
                                 receivers.map((name) => element('option', {value: name, selected: name === parameters.get('receiver')}, name)))),
                 element('label', {}, 'Matchers',
                         element('input', {name: 'filter', size: 40, value: parameters.get('filter') || '', placeholder: '{severity="critical"}'})),
                 kFlags.map((flag) => element('label', {class: 'check'},
                                              element('input', {type: 'checkbox', name: flag, checked: parameters.get(flag) !== 'false'}), flag)),
                 element('button', {class: 'main'}, 'Show'));
}

// {a="b",c=~"d"} as the list of single matchers that the API takes. Commas within quotes do not separate.
export function splitMatchers(text) {
  const inner = text.trim().replace(/^\{/, '').replace(/\}$/, '');
  const parts = inner.match(/(?:"(?:\\.|[^"\\])*"|[^,])+/g) || [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function annotations(set) {
  return Object.entries(set).sort().map(([name, value]) => {
    const link = safeLink(value);
    return element('div', {}, element('span', {class: 'quiet'}, `${name}: `), link ? element('a', {href: link}, value) : value);
  });
}

function why(status) {
  const parts = [];
  if (status.silencedBy?.length) parts.push(`silenced by ${status.silencedBy.join(', ')}`);
  if (status.inhibitedBy?.length) parts.push(`inhibited by ${status.inhibitedBy.join(', ')}`);
  if (status.mutedBy?.length) parts.push(`muted by ${status.mutedBy.join(', ')}`);
  return parts.length ? element('div', {class: 'quiet'}, parts.join('; ')) : null;
}

function groupSection(group) {
  const known = Object.keys(group.labels);
  const rows = group.alerts.map((alert) => {
    const source = safeLink(alert.generatorURL || '');
    return row([state(alert.status.state), why(alert.status)], ago(alert.startsAt), labels(alert.labels, known),
               annotations(alert.annotations), source ? element('a', {href: source}, 'source') : '');
  });
  return element('section', {},
                 element('h2', {}, known.length ? labels(group.labels) : 'not grouped', ' ',
                         element('span', {class: 'quiet'}, `to ${group.receiver.name}, ${count(group.alerts.length, 'alert')}`)),
                 table('', ['State', 'Since', 'Labels', 'Annotations', ''], rows));
}

export async function notifiedAlerts(parameters) {
  const receivers = await fetchJson('api/v2/receivers').then(({data}) => data.map((entry) => entry.name), () => []);
  const query = [];
  for (const flag of kFlags) if (parameters.get(flag) === 'false') query.push([flag, 'false']);
  // The address holds the receiver's plain name, the API takes an expression.
  const receiver = parameters.get('receiver');
  if (receiver) query.push(['receiver', receiver.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')]);
  for (const matcher of splitMatchers(parameters.get('filter') || '')) query.push(['filter', matcher]);
  const content = [filterForm(parameters, receivers)];
  try {
    const {data} = await fetchJson('api/v2/alerts/groups', query);
    const groups = data.filter((group) => group.alerts.length > 0);
    if (groups.length === 0) content.push(element('p', {class: 'quiet'}, 'No alerts match.'));
    content.push(...groups.map(groupSection));
  } catch (error) {
    content.push(problem(error.message));
  }
  return content;
}

const kOrder = {firing: 0, pending: 1, unknown: 2, inactive: 3};

export async function ruleAlerts() {
  const {data} = await fetchJson('api/v1/rules', {type: 'alert'});
  const found = data.groups.flatMap((group) => group.rules.map((rule) => ({group, rule})));
  found.sort((a, b) => (kOrder[a.rule.state] ?? 9) - (kOrder[b.rule.state] ?? 9));
  const total = (name) => found.filter(({rule}) => rule.state === name).length;
  const sections = found.map(({group, rule}) => element(
      'section', {},
      element('h2', {}, state(rule.state), ' ', rule.name, ' ', element('span', {class: 'quiet'}, `${group.name} in ${group.file}`)),
      element('p', {}, element('a', {href: graphLink(rule.query)}, element('code', {}, rule.query)),
              rule.duration ? element('span', {class: 'quiet'}, ` for ${rule.duration} s`) : ''),
      rule.lastError ? problem(rule.lastError) : null,
      rule.alerts?.length ? table('', ['State', 'Active', 'Value', 'Labels', 'Annotations'],
                                  rule.alerts.map((alert) => row(state(alert.state), ago(alert.activeAt), element('code', {}, alert.value),
                                                                 labels(alert.labels, ['alertname']), annotations(alert.annotations))))
                          : null));
  if (found.length === 0) return [element('p', {class: 'quiet'}, 'No alerting rules.')];
  return [element('p', {class: 'quiet'}, `${total('firing')} firing, ${total('pending')} pending, ${total('inactive')} inactive`), ...sections];
}
