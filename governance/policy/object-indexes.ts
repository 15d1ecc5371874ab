/** What the partitions of batch jobs that are not settled begin with. */
export const JOB_PARTITION = 'unsettled#';

/** Local indexes of the table of objects, by the attribute that each sorts by: template and store name them alike. */
export const OBJECT_INDEXES = { ownedBy: 'ownedAt', shared: 'sharedAt' } as const;
