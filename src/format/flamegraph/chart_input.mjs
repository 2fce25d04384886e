// Mouse, touch, wheel and arrow keys on a chart. Keys that mean something everywhere are in keys.mjs.

const DRAG = 4; // pixels until a press is a drag
const LINE = 16; // pixels of a wheel that counts lines

const isZoomKey = (event) => event.ctrlKey || event.metaKey || event.altKey;

function onWheel(chart, event) {
  const unit = event.deltaMode === 1 ? LINE : 1;
  const across = (event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX) * unit;
  const along = event.shiftKey ? 0 : event.deltaY * unit;
  const canScroll = chart.box.scrollHeight > chart.box.clientHeight + 1;
  if (Math.abs(across) > Math.abs(along)) {
    event.preventDefault();
    chart.pan(across / chart.scene.width);
  } else if (isZoomKey(event) || !canScroll) {
    event.preventDefault();
    // A pinch on a touchpad comes as small steps with ctrlKey.
    const strength = event.ctrlKey && Math.abs(along) < 40 ? 0.01 : 0.0022;
    chart.zoomBy(Math.exp(-along * strength), event.offsetX);
  }
}

class Pointers {
  constructor(chart) {
    this.chart = chart;
    this.down = new Map();
    this.isDrag = false;
  }

  point(event) {
    const bounds = this.chart.canvas.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  }

  press(event) {
    if (event.button !== 0) return;
    if (this.down.size === 0) this.isDrag = false;
    this.down.set(event.pointerId, this.point(event));
  }

  move(event) {
    const { chart } = this;
    const now = this.point(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      const node = event.pointerType === 'touch' ? -1 : chart.nodeAtPoint(now.x, now.y);
      chart.hover(node);
      chart.listener.hovered(chart, node, event.clientX, event.clientY);
      return;
    }
    if (this.down.size === 2) this.pinch(event.pointerId, before, now);
    else this.drag(event, before, now);
  }

  drag(event, before, now) {
    const { chart } = this;
    if (!this.isDrag && Math.hypot(now.x - before.x, now.y - before.y) < DRAG) return;
    if (!this.isDrag) {
      this.isDrag = true;
      chart.remember();
      chart.canvas.setPointerCapture(event.pointerId);
      chart.box.classList.add('dragging');
      chart.listener.hovered(chart, -1, 0, 0);
    }
    chart.pan((before.x - now.x) / chart.scene.width);
    if (event.pointerType !== 'touch') chart.box.scrollTop += before.y - now.y;
    this.down.set(event.pointerId, now);
  }

  pinch(id, before, now) {
    const { chart } = this;
    const [[, other]] = [...this.down].filter(([each]) => each !== id);
    const gap = (point) => Math.max(20, Math.abs(point.x - other.x));
    this.isDrag = true;
    chart.zoomBy(gap(now) / gap(before), (now.x + other.x) / 2);
    this.down.set(id, now);
  }

  release(event) {
    const { chart } = this;
    const wasDown = this.down.delete(event.pointerId);
    chart.box.classList.remove('dragging');
    if (!wasDown || this.isDrag) return;
    const { x, y } = this.point(event);
    const node = chart.nodeAtPoint(x, y);
    if (node < 0) return;
    chart.select(node);
    if (event.shiftKey || event.ctrlKey || event.metaKey) chart.listener.opened(chart, node);
    else chart.zoomTo(node);
  }

  cancel(event) {
    this.down.delete(event.pointerId);
    this.chart.box.classList.remove('dragging');
  }

  leave() {
    this.chart.hover(-1);
    this.chart.listener.hovered(this.chart, -1, 0, 0);
  }
}

/** What an arrow means: up is towards the root unless the root is at the bottom. */
function directionOf(key, isUpward) {
  const directions = { ArrowLeft: 'left', ArrowRight: 'right' };
  directions.ArrowUp = isUpward ? 'child' : 'parent';
  directions.ArrowDown = isUpward ? 'parent' : 'child';
  return directions[key];
}

function onKey(chart, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const direction = directionOf(event.key, chart.scene.isUpward);
  const { selected } = chart.scene;
  if (direction) chart.select(chart.neighbour(direction));
  else if (event.key === 'Enter' && selected >= 0) chart.zoomTo(selected);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function listen(chart) {
  const { canvas, box } = chart;
  const pointers = new Pointers(chart);
  const on = (type, name) => canvas.addEventListener(type, (event) => chart.scene && pointers[name](event));
  on('pointerdown', 'press');
  on('pointermove', 'move');
  on('pointerup', 'release');
  on('pointercancel', 'cancel');
  on('pointerleave', 'leave');
  canvas.addEventListener('wheel', (event) => chart.scene && onWheel(chart, event), { passive: false });
  box.addEventListener('keydown', (event) => chart.scene && onKey(chart, event));
}
