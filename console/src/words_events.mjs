// The events of xprofd: what each is called in English and Chinese, and how grave it is. Those of others have their name.

export const EVENTS = {
  process_came: ['process came', '进程出现', 'good'],
  process_gone: ['process gone', '进程退出', 'neutral'],
  core_came: ['core came', '核心加载', 'good'],
  core_gone: ['core gone', '核心退出', 'neutral'],
  core_silent: ['core silent', '核心无响应', 'warn'],
  core_answers: ['core answers again', '核心恢复响应', 'good'],
  thread_came: ['thread came', '线程出现', 'good'],
  thread_gone: ['thread gone', '线程退出', 'neutral'],
  too_many_processes: ['too many processes', '进程过多', 'warn'],
  discovery_slow: ['discovery hangs', '进程发现被卡住', 'warn'],
  loop_blocked: ['event loop blocked', '事件循环阻塞', 'warn'],
  loop_unblocked: ['event loop runs again', '事件循环恢复', 'good'],
  gc_busy: ['busy with garbage collection', '垃圾回收繁忙', 'warn'],
  heap_near_limit: ['heap near its limit', '堆接近上限', 'warn'],
  fds_near_limit: ['descriptors near their limit', '描述符接近上限', 'warn'],
  cgroup_near_limit: ['cgroup near its memory limit', 'cgroup 接近内存上限', 'warn'],
  cgroup_oom_kill: ['killed for memory', 'OOM 终止', 'bad'],
  oom_kill: ['killed for memory', 'OOM 终止', 'bad'],
  filesystem_silent: ['file system does not answer', '文件系统无响应', 'warn'],
  collector_failed: ['collector failed', '采集器失败', 'bad'],
  too_many_entities: ['too many things', '实体过多', 'warn'],
  profile_began: ['profile begun', '开始采集', 'good'],
  profile_complete: ['profile taken', '采集完成', 'neutral'],
  profile_failed: ['profile failed', '采集失败', 'bad'],
  plugin_failed: ['plugin failed', '插件失败', 'bad'],
  plugin_refused: ['plugin refused', '插件被拒绝', 'bad'],
  plugins_failed: ['plugins failed', '插件失败', 'bad'],
  history_failed: ['history is not written', '历史数据无法写入', 'bad'],
  history_works: ['history is written again', '历史数据恢复写入', 'good'],
  history_damaged: ['history was damaged', '历史数据损坏', 'bad'],
  token_renewed: ['token renewed', '令牌已更新', 'neutral'],
  certificate_renewed: ['certificate renewed', '证书已更新', 'neutral'],
  renewal_failed: ['renewal failed', '更新失败', 'bad'],
};

const TONES = [
  [/oom|kill|crash|fail|lost|died|error|full/, 'bad'],
  [/stall|block|throttl|silent|hang|overflow|late|drop/, 'warn'],
];

/** How grave it is, as the name of a colour. xprofd says in the sentence when a process did not end by itself. */
export function toneOf({ name, text }) {
  if (name === 'process_gone' && / without a goodbye /.test(text)) return 'bad';
  if (Object.hasOwn(EVENTS, name)) return EVENTS[name][2];
  return TONES.find(([pattern]) => pattern.test(name))?.[1] || 'neutral';
}
