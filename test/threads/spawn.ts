import { Worker } from 'node:worker_threads';

/** Runs a TypeScript module of this folder in a worker thread; resolves with its one message once it has ended. */
export function spawn<Message>(module: string, data: object): Promise<Message> {
  const worker = new Worker(new URL('./typescript-entry.mjs', import.meta.url), {
    workerData: { ...data, module: new URL(module, import.meta.url).href },
  });
  return new Promise((resolve, reject) => {
    let message: Message | undefined;
    worker.on('message', (received: Message) => {
      message = received;
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (message === undefined) reject(new Error(`${module} ended with code ${code} and without a message`));
      else resolve(message);
    });
  });
}
