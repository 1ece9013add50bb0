// Millrace.Console is the web console: the terminal needs another name in here.
global using Terminal = System.Console;
