// Tables of the host page: which processes use most, and how full file systems are.

import { h, setAttribute, setText } from './dom.mjs';
import { nameOf, processValue, qualityOf, sumOf, valueOf } from './fields.mjs';
import { amount, NONE } from './format.mjs';
import { Grid } from './grid.mjs';
import { writeLink } from './link.mjs';
import { meter } from './marks.mjs';
import { word } from './words.mjs';

const ROW_HEIGHT = 28;

// All processes of the host where xprofd looks at them, else those of Node.js.
const COLUMNS = {
  cpu: [['cpu', 'ratio'], ['rss', 'bytes'], ['threads', ''], ['nice', '']],
  memory: [['pss', 'bytes'], ['uss', 'bytes'], ['rss', 'bytes'], ['vsize', 'bytes']],
  io: [['io', 'bytes/s'], ['read_bytes', 'bytes/s'], ['write_bytes', 'bytes/s'], ['major_faults', '/s']],
};
export const topKind = (world) => (world.kinds.has('host_process') ? 'host_process' : 'process');

class Table {
  constructor(title, grid) {
    this.grid = grid;
    this.ofNow = h('small', { class: 'faint', hidden: true }, word('ofNow'));
    this.card = h('section', { class: 'card table-card wide' }, h('header', {}, h('h3', {}, title), this.ofNow), grid.element);
  }

  destroy() {
    this.grid.destroy();
  }
}

/** Processes by what they use: CPU, memory or IO. */
export class ProcessTop extends Table {
  constructor(app, what) {
    const number = ([id, unit]) => ({
      id, width: 74, priority: COLUMNS[what].findIndex(([each]) => each === id), isNumber: true, label: word(`column_${id}`), title: word(`column_${id}_title`),
      sort: (process) => this.value(process, id),
      show: (cell, process) => Grid.showValue(cell, amount(this.value(process, id), unit), this.value(process, id) === null ? qualityOf(app.world, process, id === 'io' ? 'read_bytes' : id) : ''),
    });
    const grid = new Grid({
      id: `top-${what}`, label: word(`top_${what}`), rowHeight: ROW_HEIGHT, maxHeight: '320px', keyOf: ({ key }) => key, sortBy: [COLUMNS[what][0][0], -1],
      open: ({ key }) => app.world.find('process', key) && app.go({ page: 'process', part: key, options: {} }),
      empty: () => word('noProcesses'),
      columns: [
        { id: 'pid', width: 56, priority: 2, isNumber: true, label: word('column_pid'), sort: (process) => Number(process.labels.pid ?? process.key.split('.')[0]), text: ({ labels, key }) => labels.pid ?? key.split('.')[0] },
        { id: 'name', width: 110, priority: 0, isWide: true, label: word('column_name'), sort: (process) => this.nameOf(process), show: (cell, process) => this.showName(cell, process) },
        { id: 'user', width: 70, priority: 5, label: word('column_user'), sort: ({ info }) => info.user || '', text: ({ info }) => info.user || NONE },
        ...COLUMNS[what].map(number),
      ],
    });
    super(word(`top_${what}`), grid);
    this.app = app;
  }

  nameOf(process) {
    const [node, known] = ['node', 'process'].map((kind) => this.app.world.find(kind, process.key));
    if (node || known) return node?.labels.name || nameOf(known);
    return nameOf(process).replace(/^\S*\/(?=\S)/, ''); // a program without its folder; all of it stands in the title
  }

  value(process, id) {
    const { world } = this.app;
    if (id === 'cpu' && process.kind === 'process') return processValue(world, process.key, 'cpu');
    return id === 'io' ? sumOf(world, process, 'read_bytes', 'write_bytes') : valueOf(world, process, id);
  }

  /** Those of Node.js have a page of their own. */
  showName(cell, process) {
    const isNode = this.app.world.find('process', process.key) !== null;
    if (isNode) Grid.showLink(cell, this.nameOf(process), writeLink({ page: 'process', part: process.key }));
    else {
      cell.querySelector('a')?.remove();
      setText(cell, this.nameOf(process));
      setAttribute(cell, 'title', process.info.command || null);
    }
  }

  show() {
    this.grid.setRows(this.app.world.list(topKind(this.app.world)));
  }
}

export class FilesystemTable extends Table {
  constructor(app) {
    const share = (id, used) => ({
      id, width: 110, priority: id === 'used' ? 0 : 2, isNumber: true, class: 'heap', label: word(`column_${id}`),
      sort: used,
      show(cell, entity) {
        if (!cell.mark) cell.append((cell.label = h('span')), (cell.mark = meter()).element);
        const value = used(entity);
        setText(cell.label, amount(value, 'ratio'));
        cell.mark.show(value);
      },
    });
    const size = (id, names, priority) => ({ id, width: 84, priority, isNumber: true, label: word(`column_${id}`), sort: (entity) => valueOf(app.world, entity, names), show: (cell, entity) => Grid.showValue(cell, amount(valueOf(app.world, entity, names), 'bytes'), valueOf(app.world, entity, names) === null ? qualityOf(app.world, entity, names) : '') });
    const grid = new Grid({
      id: 'filesystems', label: word('section_filesystems'), rowHeight: ROW_HEIGHT, maxHeight: '360px', keyOf: ({ key }) => key, sortBy: ['used', -1], empty: () => word('noFilesystems'),
      columns: [
        { id: 'mount', width: 120, priority: 0, isWide: true, label: word('column_mount'), sort: mountOf, text: mountOf },
        { id: 'device', width: 110, priority: 4, label: word('column_device'), sort: ({ labels }) => labels.device, text: ({ labels, info }) => labels.device || info.device || NONE },
        { id: 'fstype', width: 64, priority: 5, label: word('column_fstype'), sort: ({ labels }) => labels.fstype, text: ({ labels, info }) => labels.fstype || info.fstype || NONE },
        size('size', 'size', 1), size('available', 'available', 1),
        share('used', (entity) => valueOf(app.world, entity, 'used_ratio')),
        share('inodes', (entity) => valueOf(app.world, entity, 'files_used_ratio')),
      ],
    });
    super(word('section_filesystems'), grid);
    this.app = app;
  }

  show() {
    this.grid.setRows(this.app.world.list('host_filesystem'));
  }
}

const mountOf = ({ labels, key }) => labels.mountpoint || labels.mount || key;
