#!/usr/bin/env node
'use strict';

// Keeps the configuration tables of the documentation in step with the one list in src/core/config.h.
//   node scripts/config_doc.js [--check]
// A table stands between <!-- config --> and <!-- /config -->. --check writes nothing and exits 1 when a page
// is not up to date, or a key has no Chinese words below.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const PAGES = { 'README.md': 'en', 'docs/configuration.md': 'en', 'README.zh-CN.md': 'zh' };
const BETWEEN = /(<!-- config -->\n)[^]*?(<!-- \/config -->)/;

const WORDS = {
  en: {
    head: '| key | environment | default | values | at run time | meaning |',
    yes: 'yes',
    no: 'no',
    path: 'absolute path',
    derived: '`<tmp>/xprofiler-<uid>`',
  },
  zh: {
    head: '| 配置项 | 环境变量 | 默认值 | 取值 | 运行时可改 | 含义 |',
    yes: '是',
    no: '否',
    path: '绝对路径',
    derived: '`<tmp>/xprofiler-<uid>`',
  },
};

const UNITS_ZH = { s: '秒', days: '天' };

const CHINESE = {
  log_dir: '日志和采样文件的目录',
  log_interval: '日志记录的周期',
  log_level: '0 info, 1 error, 2 debug; 级别不高于此值的日志会写入',
  log_type: '0 写文件, 1 写文件和标准输出',
  log_format_alinode: '使用 alinode 日志格式',
  patch_http: '统计 HTTP 请求',
  patch_http_timeout: '响应超过该时间记为超时',
  check_throw: '明确设置时: 无法建立套接字则 start() 抛出异常; 否则只打印日志',
  auto_incr_heap_limit_size: '堆上限每次增加的大小',
  enable_log_uv_handles: '按类型记录 libuv 句柄',
  enable_fatal_error_hook: '处理 V8 致命错误和内存溢出',
  enable_fatal_error_report: '致命错误时写诊断报告',
  enable_fatal_error_coredump: '致命错误时写 Core 文件',
  enable_http_profiling: '在 CPU 采样中记录 HTTP 请求',
  enable_auto_incr_heap_limit: '主线程接近堆上限时提高上限',
  enable_avoid_rss_leak: 'glibc: 固定 mmap 阈值, 使释放的内存归还系统',
  m_mmap_threshold: 'enable_avoid_rss_leak 使用的阈值',
  log_format: '日志格式: xprofiler, alinode 或 json',
  log_max_age_days: '删除更早的日志文件',
  log_max_total_mb: '日志总量超过此值时删除最旧的文件',
  profile_max_total_mb: '采样文件总量超过此值时删除最旧的文件 (一小时以上)',
  auto_incr_heap_limit_max: '堆上限不会超过此值; 0 = 主机或 cgroup 内存的 80 %',
  patch_http_client: '同时统计发出的 HTTP 请求',
  enable_mask_secrets: '诊断报告中隐藏名称像机密的环境变量',
  cpu_profiler: 'lazy, 或 ready: 启动时预先准备, 开始采样时没有停顿',
};

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: 120_000 });
  if (result.error || result.status !== 0) {
    throw new Error(`${command} failed: ${result.error ? result.error.message : result.stderr}`);
  }
  return result.stdout;
}

function readKeys() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-doc-'));
  const program = path.join(folder, 'config_doc');
  const sources = ['scripts/config_doc.c', 'src/core/config.c'];
  const wire = ['request', 'document', 'utf8'].map((name) => `src/wire/${name}.c`);
  const flags = ['-D_GNU_SOURCE', '-std=c11', '-Iinclude', '-Isrc'];
  try {
    run(process.env.CC || 'cc', [...flags, ...sources, ...wire, '-o', program, '-lcjson', '-lm']);
    return JSON.parse(run(program, []));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function values(key, language) {
  if (key.type === 'flag') {
    return '`true`, `false`';
  }
  if (key.type === 'text') {
    return key.words.map((word) => `\`${word}\``).join(', ') || WORDS[language].path;
  }
  const unit = language === 'zh' ? UNITS_ZH[key.unit] || key.unit : key.unit;
  return `${key.min} … ${key.max}${unit ? ` ${unit}` : ''}`;
}

function meaning({ key, what }, language) {
  const text = language === 'zh' ? CHINESE[key] : what.split('; default')[0];
  if (!text) {
    throw new Error(`scripts/config_doc.js has no Chinese words for ${key}`);
  }
  return text.replace(/</g, '&lt;');
}

function table(keys, language) {
  const words = WORDS[language];
  const rows = keys.map((key) => {
    const standard = key.standard === '' ? words.derived : `\`${key.standard}\``;
    const change = key.runtime ? words.yes : words.no;
    const cells = [`\`${key.key}\``, `\`${key.env}\``, standard, values(key, language), change];
    return `| ${[...cells, meaning(key, language)].join(' | ')} |`;
  });
  return `${[words.head, '|---|---|---|---|---|---|', ...rows].join('\n')}\n`;
}

function main(args) {
  if (args.some((arg) => arg !== '--check')) {
    console.error('usage: node scripts/config_doc.js [--check]');
    return 2;
  }
  const keys = readKeys();
  let status = 0;
  for (const [page, language] of Object.entries(PAGES)) {
    const file = path.join(root, page);
    const present = fs.readFileSync(file, 'utf8');
    if (!BETWEEN.test(present)) {
      throw new Error(`${page} has no place for the configuration table`);
    }
    const wanted = present.replace(BETWEEN, (_all, begin, end) => `${begin}${table(keys, language)}${end}`);
    if (present !== wanted && args.includes('--check')) {
      console.error(`${page} is not up to date; run: node scripts/config_doc.js`);
      status = 1;
    } else if (present !== wanted) {
      fs.writeFileSync(file, wanted);
    }
  }
  return status;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(`config_doc: ${error.message}`);
  process.exitCode = 1;
}
