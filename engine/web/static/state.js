// Rules, targets and what the process says about itself.
import {ago, count, duration, element, fetchJson, graphLink, labels, problem, row, safeLink, state, table} from './dom.js';

export async function rules() {
  const {data} = await fetchJson('api/v1/rules');
  if (data.groups.length === 0) return [element('p', {class: 'quiet'}, 'No rules.')];
  return data.groups.map((group) => element(
      'section', {},
      element('h2', {}, group.name, ' ', element('span', {class: 'quiet'}, group.file)),
      table(`every ${duration(group.interval)}, last ${group.evaluationTime ? `took ${duration(group.evaluationTime)}` : 'not yet run'}`,
            ['Rule', 'Health', 'Last evaluation', 'Took'],
            group.rules.map((rule) => row(
                [element('div', {}, element('strong', {}, `${rule.type === 'alerting' ? 'alert' : 'record'}: ${rule.name}`)),
                 element('a', {href: graphLink(rule.query)}, element('code', {}, rule.query)),
                 rule.duration ? element('div', {class: 'quiet'}, `for ${rule.duration} s`) : null,
                 rule.keepFiringFor ? element('div', {class: 'quiet'}, `keep firing for ${rule.keepFiringFor} s`) : null,
                 element('div', {}, labels(rule.labels || {})), rule.lastError ? problem(rule.lastError) : null],
                state(rule.health), ago(rule.lastEvaluation), duration(rule.evaluationTime || 0))))));
}

export async function targets() {
  const {data} = await fetchJson('api/v1/targets', {state: 'active'});
  const pools = Map.groupBy ? Map.groupBy(data.activeTargets, (target) => target.scrapePool)
                            : data.activeTargets.reduce((map, target) => map.set(target.scrapePool, [...(map.get(target.scrapePool) || []), target]), new Map());
  if (pools.size === 0) return [element('p', {class: 'quiet'}, 'No targets.')];
  return [...pools].map(([pool, members]) => {
    const up = members.filter((target) => target.health === 'up').length;
    return element('section', {},
                   element('h2', {}, pool, ' ', element('span', {class: 'quiet'}, `${up} of ${members.length} up`)),
                   table(`every ${members[0].scrapeInterval}, at most ${members[0].scrapeTimeout}`,
                         ['Endpoint', 'State', 'Labels', 'Last scrape', 'Took'],
                         members.map((target) => {
                           const link = safeLink(target.scrapeUrl);
                           return row([link ? element('a', {href: link}, target.scrapeUrl) : target.scrapeUrl,
                                       target.lastError ? problem(target.lastError) : null],
                                      state(target.health), labels(target.labels), ago(target.lastScrape), duration(target.lastScrapeDuration));
                         })));
  });
}

async function section(title, load) {
  try {
    const content = await load();
    return content ? element('section', {}, element('h2', {}, title), content) : null;
  } catch {
    return null;  // this mode does not serve it
  }
}

const pairs = (object) => table('', ['Name', 'Value'], Object.entries(object).sort().map(([name, value]) => row(element('code', {}, name), element('code', {}, String(value)))));

export async function status() {
  const parts = await Promise.all([
    section('Build', async () => pairs((await fetchJson('api/v1/status/buildinfo')).data)),
    section('Runtime', async () => pairs((await fetchJson('api/v1/status/runtimeinfo')).data)),
    section('Parts', async () => {
      const {data} = await fetchJson('health/detailed');
      return table(`${data.status}, up ${duration(data.uptime_seconds)}`, ['Part', 'State', 'Facts'],
                   Object.entries(data.checks).map(([part, facts]) => {
                     const {status: text, ...rest} = facts;
                     return row(part, text, labels(rest));
                   }));
    }),
    section('Command line', async () => pairs((await fetchJson('api/v1/status/flags')).data)),
    section('Configuration', async () => element('pre', {}, (await fetchJson('api/v1/status/config')).data.yaml)),
    section('Alertmanager configuration', async () => element('pre', {}, (await fetchJson('api/v2/status')).data.config?.original || '')),
  ]);
  const shown = parts.filter((part) => part !== null);
  return shown.length ? shown : [problem('nothing to show'), element('p', {}, count(0, 'part'))];
}
