// Starts the console.

import './style.css';

import { App } from './app.mjs';

new App(document.getElementById('app')).start();
