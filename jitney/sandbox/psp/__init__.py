"""The card processor: the subset of Stripe's REST API that Jitney uses, in Stripe's shapes and by Stripe's rules."""
