// Package desk is the workspace of an organisation that reads records under a
// consent: a lender's officer, an attestor. It asks the custodian's vault with a
// signed request, opens what comes with the organisation's own data key, checks
// every record against the root that its own node has, and only then looks.
package desk
