import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { loadPolicy } from 'mistral-governance/cdk';
import { SearchStack } from './search-stack.js';

const policy = loadPolicy(join(import.meta.dirname, 'governance.yaml'));
new SearchStack(new App(), 'Search', { policy });
