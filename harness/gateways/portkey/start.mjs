// Starts the gateway from the folder that `./dev gateways` fills, on loopback
// only: the program listens on every interface and has no option against it.
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// HOME of a drilled process is a folder of its run: the account's is meant.
const cache =
    process.env.XDG_CACHE_HOME || join(os.userInfo().homedir, '.cache');
const gateway = join(
    cache, 'gatedrill', 'portkey', 'node_modules', '@portkey-ai', 'gateway');

if (!existsSync(gateway)) {
    console.error(`${gateway} is missing: run ./dev gateways first`);
    process.exit(1);
}

if (process.argv.includes('--version')) {
    const text = readFileSync(join(gateway, 'package.json'), 'utf8');
    console.log(JSON.parse(text).version);
    process.exit(0);
}

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
    const options = typeof port === 'object' ? { ...port } : { port };
    options.host = '127.0.0.1';
    return listen.call(this, options, ...rest.filter(
        (one) => typeof one === 'function'));
};

await import(pathToFileURL(join(gateway, 'build', 'start-server.js')).href);
