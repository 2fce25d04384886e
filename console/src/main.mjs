// Starts the console.

import './style.css';

document.getElementById('app').textContent = 'xprofd';
