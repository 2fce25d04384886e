'use strict';

// The keys of the log lines that tools made for xprofiler 3.1.0 read, in their order.

const CPU = ['cpu_now', 'cpu_15', 'cpu_30', 'cpu_60', 'cpu_180', 'cpu_300', 'cpu_600'];
const HEAP = [
  'rss',
  'heap_used',
  'heap_available',
  'heap_total',
  'heap_limit',
  'heap_executeable',
  'total_physical_size',
  'malloced_memory',
  'amount_of_external_allocated_memory',
  ...['new', 'old', 'code', 'map', 'lo', 'read_only', 'new_lo', 'code_lo'].flatMap((space) =>
    ['size', 'used', 'available', 'committed'].map((figure) => `${space}_space_${figure}`),
  ),
];
const HANDLES = ['file', 'tcp', 'udp', 'timer'].flatMap((type) => [
  `active_${type}_handles`,
  `active_and_ref_${type}_handles`,
]);

const XPROFILER = {
  cpu: CPU,
  memory: HEAP,
  gc: [
    'uptime',
    'total_gc_times',
    'total_gc_duration',
    'total_scavange_duration',
    'total_marksweep_duration',
    'total_incremental_marking_duration',
    'gc_time_during_last_record',
    'scavange_duration_last_record',
    'marksweep_duration_last_record',
    'incremental_marking_duration_last_record',
  ],
  uv: ['active_handles', ...HANDLES],
  http: [
    'live_http_request',
    'http_response_close',
    'http_response_sent',
    'http_request_timeout',
    'http_patch_timeout',
    'http_rt',
  ],
};

const ALINODE = {
  other: ['now', ...CPU.slice(1)],
  heap: HEAP,
  gc: ['gc_time_during_last_min', 'total', 'scavange_duration', 'marksweep_duration'],
  timer: ['total_timer', 'active_handles'],
  http: ['live_http_request', 'http_request_handled', 'http_response_sent', 'http_rt'],
};

module.exports = { XPROFILER, ALINODE };
