//! Words for goods, food and firms: what is called like people in shops and on menus.

pub(super) const COMMON: &str = "
armchair chair sofa couch bench stool table lamp rug curtain pillow blanket mattress wardrobe bookcase drawer mirror vase mug plate
bowl kettle teapot toaster blender oven fridge dishwasher vacuum shirt blouse dress skirt jacket coat jumper sweater hoodie trousers
jeans shorts socks shoes boots sandals sneakers loafers scarf gloves hat cap belt wallet handbag backpack suitcase necklace bracelet
earrings ring watch sunglasses perfume lipstick shampoo soap lotion candle notebook pencil poster puzzle doll plush retriever
bicycle scooter helmet racket tent kayak guitar piano violin drum
salad soup sandwich burger pizza pasta lasagna risotto steak cake sponge pie tart cookie muffin pancake waffle bread bagel
biscuit chocolate pudding jam honey cheese yogurt butter sausage omelette roll sauce ketchup mustard mayonnaise tea coffee
latte espresso juice lemonade soda beer ale lager wine whisky gin vodka cocktail cider
foods motors airlines airways industries holdings ventures partners pharma pharmaceuticals chemicals electronics logistics
brothers bros associates consulting solutions technologies studios pictures records entertainment hospitality textiles brewing
bakery foundry shipping freight trucking plumbing roofing realty properties outfitters apparel cosmetics furniture jewelers
jewellers opticians pharmacy clinic university academy
";
