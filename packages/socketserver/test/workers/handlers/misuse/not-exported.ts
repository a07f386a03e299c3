import { BaseRequestHandler } from '../../../../src/index.ts';

class NotExported extends BaseRequestHandler {
  static override readonly module = import.meta.url;
}

/** Another name than the class's own. */
export const Renamed = NotExported;
