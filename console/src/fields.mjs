// Which field of a kind means what. A kind of a newer or older xprofd may lack one: it is then not shown.

/** "a|b": the first of these names that the kind has. null: none. */
function fieldKey(world, kind, names) {
  return names.split('|').find((name) => world.field(kind, name)) || null;
}

export function valueOf(world, entity, names) {
  const key = entity && fieldKey(world, entity.kind, names);
  return key ? world.value(entity, key) : null;
}

/** Added up over fields of an entity; null when it has none of them. */
export function sumOf(world, entity, ...names) {
  const values = names.map((name) => valueOf(world, entity, name)).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

/** Why there is no value: "stale", "absent", "denied"; "" when there is one. */
export function qualityOf(world, entity, names) {
  const key = entity && fieldKey(world, entity.kind, names);
  return key ? world.quality(entity, key) : 'absent';
}

export const nameOf = (entity) =>
  entity.info.name || entity.info.title || entity.info.script || entity.info.command || entity.info.comm || Object.values(entity.labels).join(' / ') || entity.key || entity.kind;

/** A share that cannot be more than the whole: readings come a little early or late, so that a rate may seem to be. */
export const asShare = (value) => Math.min(1, Math.max(0, value));
export const restOf = (value) => 1 - asShare(value);

export function shareOf(world, entity, names) {
  const value = valueOf(world, entity, names);
  return value === null ? null : asShare(value);
}

/** What the loop did since the frame before; `loop_utilization` is since the last record of the log, up to a minute. */
export function utilizationOf(world, thread) {
  const idle = valueOf(world, thread, THREAD.idle);
  return idle === null ? valueOf(world, thread, 'loop_utilization') : restOf(idle);
}

/** How late the loop is: of its turns that ended, and of the one that has not yet. */
export function delayOf(world, thread) {
  const values = [THREAD.loopP99, THREAD.blocked].map((name) => valueOf(world, thread, name)).filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
}

/** Of no response there is no duration. */
export const asDuration = (value) => value || null;
export const latencyOf = (world, thread, name) => asDuration(valueOf(world, thread, name));

export const mainThreadOf = (world, key) => world.find('thread', `${key}/0`);
export const threadsOf = (world, key) => world.list('thread').filter(({ parent }) => parent === key);

/** Of a whole process: what its own core says, and if it has none, what is seen from outside. Fields that are added up. */
export const PROCESS = {
  cpu: [['node', ['cpu_now']], ['process', ['cpu_user', 'cpu_system']]],
  rss: [['node', ['rss']], ['process', ['rss']]],
  wait: [['node', ['run_queue_wait_seconds']], ['process', ['wait']]],
  throttled: [['node', ['cgroup_cpu_throttled_seconds']]],
};

export const THREAD = {
  gc: 'total_gc_duration',
  loopP50: 'loop_delay_p50_seconds',
  loopP99: 'loop_delay_p99_seconds',
  loopMax: 'loop_delay_max_seconds',
  blocked: 'loop_blocked_seconds',
  idle: 'loop_idle_total_seconds',
  requests: 'http_requests_total',
  responses: 'http_responses_total',
  httpP50: 'http_p50_seconds',
  httpP95: 'http_p95_seconds',
  httpP99: 'http_p99_seconds',
};

/** Where a meaning of PROCESS is found: [entity, fields], or null. */
export function placeOf(world, key, meaning) {
  for (const [kind, fields] of PROCESS[meaning]) {
    const entity = world.find(kind, key);
    if (entity && fields.every((field) => world.field(kind, field))) return [entity, fields];
  }
  return null;
}

export function processValue(world, key, meaning) {
  const place = placeOf(world, key, meaning);
  return place ? sumOf(world, place[0], ...place[1]) : null;
}
