// Takes the pictures of the README again, from the running page: node tests/e2e/support/screenshots.mjs
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser } from './browser.mjs';
import { Server } from './server.mjs';

const docs = join(dirname(fileURLToPath(import.meta.url)), '../../../docs');
const code = '```cpp\nfor (auto& frame : outbox.take_all()) {\n  co_await socket.write(frame);\n}\n```';
const options = { deviceScaleFactor: 1.5 };
const words = {
  question: 'Morning! The **0.2** branch is open. What is left?',
  trouble: 'The slow reader on the train: its outbox filled up and we cut it off.',
  cause: 'I saw that too, we wrote one frame at a time:',
  cure: 'One gathered write instead, and it keeps up. The patch is in review.',
  plan: 'Lovely. Then we tag it this afternoon 🎉',
  notes: 'I will write the notes, you check them?',
};

// Acknowledged before the next one is written: that keeps their order.
async function say(person, text, part = text.slice(0, 8)) {
  await person.send(text);
  await person.page.getByRole('article', { name: new RegExp(`${part}.*(Sent|Delivered|Read)$`, 's') }).last().waitFor();
}
async function reply(person, to, text) {
  await person.actOn(to, 'Reply');
  await say(person, text);
}
async function react(person, text, which) {
  await person.actOn(text, 'React');
  const dialog = person.page.getByRole('dialog', { name: 'Choose a reaction' });
  await dialog.getByRole('button', { name: which, exact: true }).first().click();
}

const server = await Server.start();
const browser = await Browser.launch();
try {
  const ada = await browser.person(server, 'Ada', { ...options, colorScheme: 'light' });
  const grace = await browser.person(server, 'Grace', { ...options, colorScheme: 'dark' });
  const linus = await browser.person(server, 'Linus', { viewport: { width: 900, height: 600 } });
  for (const person of [ada, grace, linus]) await person.signIn();

  await ada.createRoom('Book club');
  await ada.send('Thursday at seven, my place');
  await ada.createRoom('Release 0.2');
  for (const person of [grace, linus]) {
    await person.joinFromDirectory('Book club');
    await person.joinFromDirectory('Release 0.2');
  }
  await say(ada, words.question);
  await say(grace, words.trouble);
  await say(linus, words.cause);
  await say(linus, code, 'outbox');
  await reply(grace, words.cause, words.cure);
  await react(ada, words.cure, 'Grinning smiling eyes');
  await react(linus, words.cure, 'Grinning smiling eyes');
  await react(ada, words.trouble, 'Smiling open mouth and cold sweat');
  await say(ada, words.plan);
  await say(linus, words.notes);

  for (const [person, file] of [[ada, 'screenshot.png'], [grace, 'screenshot-dark.png']]) {
    await person.page.getByRole('button', { name: 'Room details', exact: true }).click();
    await person.page.getByRole('complementary', { name: 'Room details' }).waitFor();
    await person.page.mouse.move(700, 790);
    await person.page.evaluate(() => document.activeElement?.blur());
    await person.page.waitForTimeout(800); // what moves comes to rest
    await person.page.screenshot({ path: join(docs, file) });
  }
} finally {
  await browser.close();
  await server.close();
}
