"""What is made from plan workbooks: orders for each member, and the difference of two plans."""
