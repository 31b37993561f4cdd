int x_interaction;
