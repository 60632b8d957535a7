"""The card processor: the subset of Stripe's REST API that Jitney uses, in Stripe's own shapes and by Stripe's own rules."""
