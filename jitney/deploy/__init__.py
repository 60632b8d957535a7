"""What an operator needs to run Jitney in containers: keys and passwords as compose and clusters take them."""
