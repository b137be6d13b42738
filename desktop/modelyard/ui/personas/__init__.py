"""Who a model is: starter personas, and the editor that grows from here."""
