/**
 * What the scripted 2.x server takes for granted because nobody has run a 2.x server here. The marks say where each
 * comes from: `T` types of the published client, `P` upstream protocol source, `S` upstream server source, `L` notes
 * of others against real 2.0.x programs, `C` a comparison with 1.x by others, `I` our own inference. Whoever has a real
 * 2.x server compares this list with it line by line: `npm run test:contract -- --url … --password …` prints it.
 */
export interface Assumption {
  /** Short and stable; checks of the contract name it. */
  readonly id: string
  readonly says: string
  readonly source: string
}

export const assumptions: readonly Assumption[] = [
  {
    id: 'info',
    says: 'GET /api/info answers {version, pid, urls, paths} without an envelope, and wants the login',
    source: 'P T',
  },
  { id: 'info-starting', says: 'while it starts, /api/info answers 503 with the same body', source: 'S C' },
  { id: 'auth', says: 'Basic, user "opencode"; 401 is JSON {_tag: "UnauthorizedError"}', source: 'S' },
  {
    id: 'web-page',
    says: 'what is not below /api answers 200 with a web page, unknown routes below /api 404',
    source: 'C',
  },
  { id: 'no-health', says: '/api/health is 404 and /global/health the web page', source: 'L' },
  {
    id: 'ready-line',
    says: '"server listening on URL", then "server password …" only without one in the environment',
    source: 'S L',
  },
  {
    id: 'stdio',
    says: 'with --stdio one line {"url": …}, the end with stdin, and --hostname and --port hold',
    source: 'S, flags I',
  },
  {
    id: 'service',
    says: 'the service writes url, pid, version and password to state/opencode/service.json',
    source: 'S L',
  },
  {
    id: 'envelope',
    says: 'routes with a location answer {location, data}, others {data}, changes 204',
    source: 'P',
  },
  { id: 'error', says: 'errors are {_tag, message, …}', source: 'P' },
  {
    id: 'location',
    says: 'location[directory] before x-opencode-directory (decoded once) before the folder of the server; 404 LocationNotFoundError for a missing one',
    source: 'S',
  },
  { id: 'location-percent', says: 'a "%" in the location is encoded once', source: 'S I' },
  { id: 'create-location', says: 'a new session takes its location from the body alone', source: 'C' },
  {
    id: 'session-list',
    says: 'newest first by time.updated, parentID=null for roots, a "next" cursor even on the last page',
    source: 'L',
  },
  { id: 'delete-children', says: 'DELETE takes child sessions along', source: 'T' },
  {
    id: 'active',
    says: 'GET /api/session/active lists what runs in this process; absent is idle',
    source: 'P',
  },
  {
    id: 'prompt-admitted',
    says: 'a prompt answers at once with its inbox item; the same id and content again is the same item',
    source: 'P I',
  },
  { id: 'prompt-conflict', says: 'the same id with another content is 409 ConflictError', source: 'P' },
  { id: 'prompt-metadata', says: 'metadata of a prompt comes back in its message', source: 'T I' },
  { id: 'prompt-missing-file', says: 'a file that cannot be read is left out of the message', source: 'I' },
  {
    id: 'inbox-id',
    says: 'the message of a prompt has the id of its inbox item, and is in the history when it was delivered',
    source: 'P L',
  },
  {
    id: 'steer',
    says: 'a steered prompt joins at the next step, a queued one when the turn is over',
    source: 'C',
  },
  {
    id: 'inbox-change',
    says: 'PATCH and DELETE …/inbox/{id} answer 204 and tell of it by an event; neither minds an item that is gone',
    source: 'P T',
  },
  {
    id: 'inbox-parked',
    says: 'an interrupted run leaves its inbox alone; POST …/resume of the idle session delivers the first item',
    source: 'C I',
  },
  {
    id: 'execution',
    says: 'execution.started … succeeded, failed or interrupted are the only signs of a run',
    source: 'C L',
  },
  { id: 'step-message', says: 'one assistant message per step, without a parent', source: 'P' },
  {
    id: 'ordinal',
    says: 'text and reasoning are counted each by itself, and stand in "content" in the order in which they began',
    source: 'I',
  },
  {
    id: 'delta-volatile',
    says: 'deltas are not stored: an open text is empty in the history until it ended',
    source: 'T I',
  },
  { id: 'idle-message', says: 'each run ends with an idle message that holds its outcome', source: 'L' },
  {
    id: 'tool-state',
    says: 'streaming, running, completed, error; output in content, files in metadata.files',
    source: 'L',
  },
  { id: 'tool-names', says: '"shell" and "subagent" instead of "bash" and "task"', source: 'L' },
  {
    id: 'tool-live-output',
    says: 'a running command tells only its shellID; its output is at /api/shell/{id}/output',
    source: 'L I',
  },
  {
    id: 'interrupt',
    says: 'step.failed {type: "aborted"}, then execution.interrupted {reason: "user"}',
    source: 'L',
  },
  {
    id: 'interrupt-requests',
    says: 'open permissions and forms of an interrupted run are gone without an event',
    source: 'I',
  },
  {
    id: 'retry',
    says: 'session.retry.scheduled {attempt, at, error}, then the same step goes on',
    source: 'T I',
  },
  {
    id: 'permission-reply',
    says: 'reply with {decision}; the event says reply; 404 when it is answered already',
    source: 'L',
  },
  {
    id: 'permission-always',
    says: '"always" is saved by project and answers what else waits for the same',
    source: 'C I',
  },
  {
    id: 'permission-reject',
    says: 'a rejection rejects all others of the session; without a message the run ends as interrupted',
    source: 'C I',
  },
  {
    id: 'permission-details',
    says: 'a permission to edit brings metadata.files, one for a command metadata.command',
    source: 'I',
  },
  {
    id: 'question-form',
    says: 'a question is a form with the fields q0, q1 …; the header is the title, the question the description',
    source: 'C S, fields I',
  },
  { id: 'form-settled', says: 'an answered form is 409 FormAlreadySettledError', source: 'P' },
  { id: 'no-session-updated', says: 'there is no session.updated: changed fields are fetched', source: 'T' },
  {
    id: 'revert',
    says: 'stage hides and restores, may be repeated, and is committed by the next prompt',
    source: 'C',
  },
  { id: 'fork', says: 'a fork is a root; {before} leaves that message and the later ones out', source: 'C' },
  { id: 'diff', says: '…/diff?from= gives the files of the turn of that prompt', source: 'L' },
  {
    id: 'shell-message',
    says: 'POST …/shell makes a message of type shell under the id that was given',
    source: 'P I',
  },
  { id: 'command-id', says: 'a command takes no id: the server makes one', source: 'T' },
  {
    id: 'compact',
    says: 'POST …/compact answers at once; a message of type compaction holds the summary',
    source: 'P',
  },
  {
    id: 'integration-key',
    says: 'a key is effective at once and cannot be read back; its label can',
    source: 'L T',
  },
  { id: 'credential', says: 'PATCH and DELETE /api/credential/{id} answer 204', source: 'T' },
  {
    id: 'saved-permissions',
    says: 'GET /api/permission/saved?projectID= lists {id, projectID, action, resource, time}; DELETE …/{id} revokes one',
    source: 'P T',
  },
  { id: 'revert-commit', says: 'POST …/revert/commit drops what is staged, without a prompt', source: 'P' },
  {
    id: 'shell-list',
    says: 'GET /api/shell lists running commands of the location as {id, command, status, metadata.sessionID}; DELETE ends one',
    source: 'T, fields I',
  },
  {
    id: 'background',
    says: 'POST …/background ends the running tool calls of a session as done; the commands of theirs go on',
    source: 'T I',
  },
  {
    id: 'environment',
    says: 'PUT …/environment {variables} takes the place of all that were set; commands of the session get them',
    source: 'T I',
  },
  {
    id: 'vcs',
    says: 'GET /api/vcs/status and /api/vcs/diff?mode=working give {file, additions, deletions, status}, the latter with patch',
    source: 'T, mode I',
  },
  {
    id: 'worktree',
    says: 'list, create {projectID, branch, name} → {directory} and remove {projectID, directory, force} without an envelope',
    source: 'T, working copies of one project share its id I',
  },
  {
    id: 'log',
    says: '…/log gives the durable events as data lines with durable.seq, then a mark whose type begins with "log."',
    source: 'T, name of the mark I',
  },
  {
    id: 'event-stream',
    says: 'only data lines; server.connected first; no replay; comment ": heartbeat" each 15 s',
    source: 'L',
  },
  { id: 'event-overflow', says: 'a reader with more than 4096 waiting events is cut off', source: 'L C' },
  {
    id: 'agent-and-model',
    says: 'POST …/agent {agent} and …/model {model} set what following steps use',
    source: 'P T',
  },
  {
    id: 'interrupt-idle',
    says: 'an interrupt of an idle session is {interrupted: false}, no error',
    source: 'P',
  },
  { id: 'session-patch', says: 'PATCH of a session answers 204, and keeps metadata', source: 'P' },
  { id: 'session-rules', says: 'a session is made with permissions of its own, and tells them', source: 'P' },
  {
    id: 'session-move',
    says: 'POST …/move {directory} answers 204, and session.moved tells the new location',
    source: 'P T',
  },
  {
    id: 'session-events',
    says: 'a session takes an id of the client; session.created tells its location',
    source: 'P T',
  },
  { id: 'prompt-id', says: 'the id of a prompt begins with msg_, or it is 400', source: 'P' },
  {
    id: 'export',
    says: 'GET …/export gives {info, messages}, and POST …/import takes that with a location',
    source: 'T',
  },
  {
    id: 'permission-gone',
    says: 'a reply to what does not wait is 404 PermissionNotFoundError',
    source: 'P',
  },
  { id: 'form-gone', says: 'a form that is not there is 404 FormNotFoundError', source: 'P' },
  {
    id: 'files',
    says: 'fs/list and fs/find give entries with a path relative to the location',
    source: 'P T',
  },
  { id: 'fs-bytes', says: 'fs/read gives the bytes as they are', source: 'P' },
  {
    id: 'mcp-server',
    says: 'GET /api/mcp {name, status: {status, error?}, integrationID?}; PUT, connect and disconnect below experimental',
    source: 'T',
  },
  { id: 'reload', says: 'POST /api/location/reload answers 204, and location.shutdown is told', source: 'L' },
  {
    id: 'oauth',
    says: 'connect/oauth gives {attemptID, url, instructions, mode}; its state is polled; a code goes to …/complete, and a wrong one is refused',
    source: 'P, refusal I',
  },
  {
    id: 'provider-package',
    says: 'a provider names its package as configured, and its address in settings.baseURL',
    source: 'T, settings I',
  },
  {
    id: 'config-broken',
    says: 'where opencode.json cannot be read, routes of its location answer 500 with the name of the file',
    source: 'I',
  },
  {
    id: 'undo-without-git',
    says: 'without a repository nothing is restored and no snapshot is told',
    source: 'I',
  },
]
