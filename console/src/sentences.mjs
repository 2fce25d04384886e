// What xprofd says in sentences (texts of events, errors of profiles), in Chinese. Each stands here as src/daemon formats it
// in English, so that a test can look whether it still does; {1} is the first value in it, {2} the second; at a bar it is
// put together of parts. A sentence that is not here (the system's own words, or those of a plugin) is shown as it is.

export const SENTENCES = [
  // who it is about
  ['%s (pid %d), main thread', '{1}（PID {2}）主线程'],
  ['%s (pid %d), worker %u', '{1}（PID {2}）工作线程 {3}'],
  ['%s (pid %d)', '{1}（PID {2}）'],
  // processes
  ['has begun|: %s', '已启动：{1}'],
  ['was found running|: %s', '已在运行：{1}'],
  ['has ended| without a goodbye (killed, or crashed)|; it was watched for %.0f s', '未正常退出（被杀死或崩溃），共观察了 {1} 秒'],
  ['has ended|; it was watched for %.0f s', '已结束，共观察了 {1} 秒'],
  ['has started xprofiler', '已启动 xprofiler'],
  ['has stopped xprofiler', '已停止 xprofiler'],
  ['answers again, after %.0f s', '在 {1} 秒后恢复响应'],
  ['gives no figures: %s', '没有给出数据：{1}'],
  ['what answers at its socket does not speak our protocol', '其套接字上的应答不符合协议'],
  ['it does not answer (stopped, or its CPU is taken away)', '没有响应（已暂停，或 CPU 被占用）'],
  ['it does not answer', '没有响应'],
  ['it accepts no connections (stopped, or very busy)', '不接受连接（已暂停，或非常繁忙）'],
  ['it cannot be connected to: %s', '无法连接：{1}'],
  ['has a new worker, thread %u', '新增工作线程 {1}'],
  ['lost its worker, thread %u: it has ended', '工作线程 {1} 已结束'],
  ['there are more processes of Node.js than xprofd looks after', 'Node.js 进程数超出了 xprofd 可观察的上限'],
  ['looking at processes hangs: a file in /proc does not answer', '查看进程时被卡住：/proc 中有文件没有响应'],
  // figures
  ['its event loop has been blocked for %.1f s', '事件循环已阻塞 {1} 秒'],
  ['one turn of its event loop took %.2f s', '事件循环的一轮耗时 {1} 秒'],
  ['its event loop runs again, after %.1f s', '事件循环在 {1} 秒后恢复运行'],
  ['its heap has %.0f MB of at most %.0f MB in use', '堆已使用 {1} MB，上限 {2} MB'],
  ['it spends %.0f %% of the time in garbage collection', '{1}% 的时间用于垃圾回收'],
  ['%.0f of at most %.0f descriptors are open', '已打开 {1} 个描述符，上限 {2} 个'],
  ['its cgroup uses %.0f MB of at most %.0f MB', '所在 cgroup 已使用 {1} MB，上限 {2} MB'],
  ['the kernel killed a process of its cgroup for memory', '内核因内存不足杀死了其 cgroup 中的一个进程'],
  // the host
  ['memory ran out in cgroup %s%s: the kernel killed %llu process%s of it', 'cgroup {1}{2} 内存耗尽：内核杀死了其中 {3} 个进程'],
  [' (its limit: %.0f MB)', '（上限 {1} MB）'],
  ['the kernel killed %.0f process%s for want of memory', '内核因内存不足杀死了 {1} 个进程'],
  ['the file system at %s does not answer', '文件系统 {1} 没有响应'],
  ['the collector %s cannot read: %s', '采集器 {1} 无法读取：{2}'],
  // profiles
  ['%s profile of thread %ld began', '线程 {2} 的 {1} 采集已开始'],
  ['%s profile of thread %ld: %s', '线程 {2} 的 {1} 采集：{3}'],
  ['the file was not complete in time', '文件未能按时完成'],
  ['the profile was removed meanwhile', '该文件已被删除'],
  ['xprofctl ended with %s %d: %s', 'xprofctl 异常结束（{1} {2}）：{3}'],
  ['xprofctl cannot be started: %s', '无法启动 xprofctl：{1}'],
  ['the conversion |took too long', '转换耗时过长'],
  ['the conversion |failed', '转换失败'],
  ['%d profiles are being taken; wait for one, or stop it', '已有 {1} 个采集正在进行；请等待或停止其中之一'],
  ['pid: there is no Node.js process %s', '没有 PID 为 {1} 的 Node.js 进程'],
  ['pid: process %s does not run xprofiler; `xprofctl attach -p %s` loads it', '进程 {1} 未加载 xprofiler；可用 `xprofctl attach -p {2}` 加载'],
  ['id: there is no profile `%s`; GET /api/profiles lists them', '没有名为 `{1}` 的文件'],
  // xprofd itself
  ['token_file: the token was read anew', 'token_file：令牌已重新读取'],
  ['tls_cert and tls_key: certificate and key were read anew', 'tls_cert 与 tls_key：证书和私钥已重新读取'],
  ['%s; what was read before stays in use', '{1}；继续使用之前读取的内容'],
  ['plugin %s: %s', '插件 {1}：{2}'],
  ['plugin_dir has %zu plugins more than the %d that are run', 'plugin_dir 中的插件比可运行的 {2} 个多 {1} 个'],
  ['the history was damaged; it is now %s, and a new one was begun', '历史数据已损坏，原文件现为 {1}，并已重新开始记录'],
  ['the history is not written: %s', '历史数据无法写入：{1}'],
  ['the history is written again', '历史数据恢复写入'],
  ['more things than xprofd keeps at a time: new ones are left out', '数量超出 xprofd 同时保存的上限，新的不再收录'],
];

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const VALUE = /%(?:\.\d+)?(?:z?l{0,2}[du]|[sf])|%%/g;

/** The pattern of a sentence of C; "process%s" may be one or many. */
function patternOf(format) {
  let pattern = '';
  let at = 0;
  for (const { 0: value, index } of format.matchAll(VALUE)) {
    pattern += escaped(format.slice(at, index));
    at = index + value.length;
    if (value === '%%') pattern += '%';
    else if (pattern.endsWith('process')) pattern += '(?:es)?';
    else if (pattern.endsWith('(.+?)')) pattern += '( \\(.+\\))?'; // what may be added to the value before it
    else pattern += value.endsWith('s') ? '(.+?)' : '(-?[\\d.]+)';
  }
  return new RegExp(`^${pattern}${escaped(format.slice(at))}$`, 's');
}

const RULES = SENTENCES.map(([format, chinese]) => [patternOf(format.replaceAll('|', '')), chinese]);

function translate(text) {
  for (const [pattern, chinese] of RULES) {
    const found = pattern.exec(text);
    // A value may be a sentence itself: why something failed.
    if (found) return chinese.replace(/\{(\d)\}/g, (_all, index) => translate(found[index] || '') ?? found[index] ?? '').replace(/） (?=[\u4e00-\u9fff])/g, '）');
  }
  return null;
}

/** Sentences begin with who it is about: "shop (pid 12), main thread: its event loop …", "shop (pid 12) has begun: …". */
const WHO = /^(.+? \(pid \d+\)(?:, main thread|, worker \d+)?)(: | )(.+)$/s;

/** The sentence in Chinese, or as it is. */
export function inChinese(text) {
  const whole = translate(text);
  if (whole !== null) return whole;
  const [, who, join, what] = WHO.exec(text) || [];
  const said = what && translate(what);
  return said ? `${translate(who)}${join === ' ' ? '' : '：'}${said}` : text;
}
