// The words of the page in English and Chinese, and what says which.

const WORDS = {
  flame: ['Flame graph', '火焰图'],
  bottomup: ['Bottom-up', '自底向上'],
  sandwich: ['Sandwich', '三明治'],
  table: ['Table', '表格'],
  views: ['Views', '视图'],
  options: ['Options', '选项'],
  value: ['Value', '指标'],
  order: ['Order', '排序'],
  heavy: ['Left heavy', '左重'],
  time: ['Time order', '时间顺序'],
  root: ['Root', '根'],
  top: ['Root on top', '根在上'],
  bottom: ['Root at bottom', '根在下'],
  colour: ['Colour', '颜色'],
  kind: ['by kind', '按类别'],
  package: ['by package', '按包'],
  file: ['by file', '按文件'],
  change: ['by change', '按变化'],
  idle: ['Idle', '空闲'],
  idleTitle: ['Count (idle) too', '计入 (idle)'],
  width: ['Width', '宽度'],
  new: ['width: after', '宽度：之后'],
  old: ['width: before', '宽度：之前'],
  scale: ['Compared', '比较方式'],
  total: ['by share of total', '按总量占比'],
  duration: ['per second', '按每秒'],
  none: ['absolute', '按绝对值'],
  search: ['Search: name, file, /regular expression/', '搜索：名称、文件、正则表达式'],
  searchShort: ['Search', '搜索'],
  matched: ['matched', '匹配'],
  matchedFunctions: ['functions', '个函数'],
  notRegex: ['not a regular expression: searched as plain text', '不是正则表达式：按普通文本搜索'],
  noMatch: ['no match', '无匹配'],
  next: ['Next match', '下一个匹配'],
  previous: ['Previous match', '上一个匹配'],
  clear: ['Clear', '清除'],
  theme: ['Light or dark', '浅色或深色'],
  help: ['Help and keys', '帮助与按键'],
  download: ['Download', '下载'],
  print: ['Print', '打印'],
  close: ['Close', '关闭'],
  process: ['process', '进程'],
  durationFact: ['duration', '时长'],
  samples: ['samples', '采样数'],
  interval: ['interval', '采样间隔'],
  started: ['started', '开始于'],
  before: ['before', '之前'],
  after: ['after', '之后'],
  changed: ['change', '变化'],
  selfColumn: ['Self', '自身'],
  totalColumn: ['Total', '总计'],
  functionColumn: ['Function', '函数'],
  placeColumn: ['Location', '位置'],
  selfAfter: ['Self after', '自身（之后）'],
  selfBefore: ['Self before', '自身（之前）'],
  selfChange: ['Δ Self', 'Δ 自身'],
  totalAfter: ['Total after', '总计（之后）'],
  totalBefore: ['Total before', '总计（之前）'],
  totalChange: ['Δ Total', 'Δ 总计'],
  filter: ['Filter functions', '筛选函数'],
  copy: ['Copy name', '复制名称'],
  copied: ['copied', '已复制'],
  openSandwich: ['Callers and callees', '调用者与被调用者'],
  zoom: ['Zoom', '放大'],
  all: ['all', '全部'],
  crumbs: ['Path to what is shown', '当前位置'],
  callers: ['Callers', '调用者'],
  callees: ['Callees', '被调用者'],
  nothing: ['Nothing was sampled.', '没有采样数据。'],
  onlyIdle: ['All that was sampled is (idle).', '采样到的全部是 (idle)。'],
  showIdle: ['Show it', '显示'],
  legend: ['Legend: highlights what it names', '图例：点击可突出显示'],
  shrank: ['less', '减少'],
  grew: ['more', '增加'],
  chart: ['Chart of calls. Arrow keys move between frames, Enter zooms, Escape goes back.', '调用图。方向键移动，Enter 放大，Escape 返回。'],
  hint: ['Click a frame to zoom in, Escape goes back, ? lists the keys.', '单击帧可放大，Escape 返回，? 查看按键。'],
  kind_js: ['application', '应用'],
  kind_package: ['packages', '依赖包'],
  kind_node: ['Node.js', 'Node.js'],
  kind_native: ['native', '原生代码'],
  kind_wasm: ['WebAssembly', 'WebAssembly'],
  kind_gc: ['garbage collector', '垃圾回收'],
  kind_program: ['program', '程序'],
  kind_idle: ['idle', '空闲'],
  kind_root: ['root', '根'],
};

const KEYS = [
  [['1', '2', '3', '4'], ['Flame graph, bottom-up, sandwich, table', '火焰图、自底向上、三明治、表格']],
  [['/'], ['Search', '搜索']],
  [['n', 'N'], ['Next, previous match', '下一个、上一个匹配']],
  [['←', '→', '↑', '↓'], ['Move between frames, or rows of the table', '在帧或表格行之间移动']],
  [['Enter'], ['Zoom to the frame; open the row', '放大该帧；打开该行']],
  [['Esc', 'Backspace'], ['Back: the view before', '返回上一个视图']],
  [['0'], ['Everything', '显示全部']],
  [['+', '−', 'w', 's'], ['Nearer, farther', '放大、缩小']],
  [['a', 'd'], ['Left, right', '左移、右移']],
  [['x'], ['Callers and callees of the frame', '该帧的调用者与被调用者']],
  [['y'], ['Copy the name', '复制名称']],
  [['o'], ['Left heavy or time order', '左重或时间顺序']],
  [['r'], ['Root on top or at the bottom', '根在上或在下']],
  [['c'], ['Next way of colouring', '下一种着色方式']],
  [['v'], ['Next value', '下一个指标']],
  [['i'], ['With or without (idle)', '是否计入 (idle)']],
  [['t'], ['Light or dark', '浅色或深色']],
  [['?'], ['This help', '本帮助']],
];

const MOUSE = [
  [['click', '单击'], ['Zoom to the frame', '放大该帧']],
  [['Ctrl + click', 'Ctrl + 单击'], ['Callers and callees', '调用者与被调用者']],
  [['Ctrl + wheel', 'Ctrl + 滚轮'], ['Nearer, farther; the wheel alone where nothing scrolls', '缩放；无需滚动时可直接用滚轮']],
  [['drag, Shift + wheel', '拖动、Shift + 滚轮'], ['Move', '移动']],
];

export const language = /^zh\b/i.test(globalThis.navigator?.language || '') ? 1 : 0;

/** The word for a key; a key without words is given back: it is a name out of the profile. */
export const word = (key) => (Object.hasOwn(WORDS, key) ? WORDS[key][language] : key);

/** What the help shows: [[names of keys], what they do]. */
export const help = () => [
  ...KEYS.map(([names, texts]) => [names, texts[language]]),
  ...MOUSE.map(([names, texts]) => [[names[language]], texts[language]]),
];

/** Fills in the words that the page asks for: data-word is text, data-label and data-title are attributes. */
export function fillWords(root) {
  document.documentElement.lang = language === 1 ? 'zh' : 'en';
  for (const each of root.querySelectorAll('[data-word]')) each.textContent = word(each.dataset.word);
  for (const each of root.querySelectorAll('[data-label]')) each.setAttribute('aria-label', word(each.dataset.label));
  for (const each of root.querySelectorAll('[data-title]')) each.title = word(each.dataset.title);
  for (const each of root.querySelectorAll('[data-hint]')) each.placeholder = word(each.dataset.hint);
}
