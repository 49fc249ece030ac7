DROP TABLE model_spending;
