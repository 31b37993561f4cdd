int x_text;
